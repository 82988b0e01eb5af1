package io.tenon.blobstore.itest;

import java.io.IOException;

/** The pages that blobs' metadata are in, and what they may refer to. */
record MetadataRegion(DiskImage image, SuperPage superPage) {
  long length() {
    return superPage.mdLen();
  }

  long totalClusters() {
    return superPage.totalClusters();
  }

  long mdClusters() {
    return superPage.mdClusters();
  }

  MetadataPage page(long number) throws IOException {
    return MetadataPage.parse(number, image.page(superPage.mdStart() + number));
  }
}
