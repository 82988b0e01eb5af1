package io.tenon.blobstore;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A blob as it is now.
 *
 * @param clusters its size
 * @param ownClusters that are allocated to it alone; the others it shares with its ancestors, or they are zeroes
 * @param readOnly it is a snapshot
 * @param xattrs names byte by byte in ISO 8859-1
 * @param restriction why nothing of it may be changed; empty when it may
 */
public record BlobInfo(
    BlobId id,
    long clusters,
    long ownClusters,
    boolean thin,
    boolean readOnly,
    Optional<BlobId> parent,
    List<BlobId> children,
    MapForm form,
    ClearMethod clearMethod,
    boolean open,
    Optional<String> restriction,
    Map<String, byte[]> xattrs) {
  public BlobInfo {
    children = List.copyOf(children);
    xattrs = Collections.unmodifiableMap(new LinkedHashMap<>(xattrs));
  }
}
