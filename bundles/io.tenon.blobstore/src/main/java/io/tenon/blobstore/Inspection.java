package io.tenon.blobstore;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What is on a device, found without writing to it.
 *
 * @param unopened blobs that cannot be opened, each with a sentence that says why
 * @param repairs sentences: what a load would put in order, losing nothing that was ever acknowledged
 */
public record Inspection(
    StoreInfo store,
    Optional<BlobId> superBlob,
    List<BlobInfo> blobs,
    Map<BlobId, String> unopened,
    List<String> repairs) {
  public Inspection {
    blobs = List.copyOf(blobs);
    unopened = Collections.unmodifiableMap(new TreeMap<>(unopened));
    repairs = List.copyOf(repairs);
  }
}
