package io.tenon.blobstore;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What is on a device, found without writing to it.
 *
 * @param type whose store it is
 * @param unopened blobs that cannot be opened
 * @param others blobs that findings name and that are neither: those that a load would erase, or does not see
 * @param findings all that is not as it should be; empty when the store is in order
 */
public record Inspection(
    StoreInfo store,
    String type,
    Optional<BlobId> superBlob,
    List<BlobInfo> blobs,
    List<Unopened> unopened,
    List<Unopened> others,
    List<Finding> findings) {
  public Inspection {
    blobs = List.copyOf(blobs);
    unopened = List.copyOf(unopened);
    others = List.copyOf(others);
    findings = List.copyOf(findings);
  }

  /**
   * A blob that cannot be opened.
   *
   * @param xattrs as far as its pages can be read, right or not: only good for telling people what it was
   */
  public record Unopened(BlobId id, String why, Map<String, byte[]> xattrs) {
    public Unopened {
      xattrs = java.util.Collections.unmodifiableMap(new TreeMap<>(xattrs));
    }
  }
}
