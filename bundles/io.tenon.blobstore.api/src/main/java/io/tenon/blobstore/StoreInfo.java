package io.tenon.blobstore;

import java.util.List;

/**
 * A store in numbers.
 *
 * @param dataClusters that blobs can have
 * @param freeClusters of these
 * @param freePages metadata pages that are free
 * @param clean the disk says that it was left in order, and nothing has changed since
 * @param findings sentences about what is not as it should be
 */
public record StoreInfo(
    long clusterBytes,
    int blockBytes,
    long dataClusters,
    long freeClusters,
    int metadataPages,
    int freePages,
    boolean clean,
    List<String> findings) {
  public StoreInfo {
    findings = List.copyOf(findings);
  }
}
