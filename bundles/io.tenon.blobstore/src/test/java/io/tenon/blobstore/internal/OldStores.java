package io.tenon.blobstore.internal;

import io.tenon.blobstore.internal.layout.SuperBlock;

/** Super blocks as older releases wrote them. */
final class OldStores {
  private OldStores() {}

  static SuperBlock of(SuperBlock now, int version) {
    return new SuperBlock(
        version,
        now.clean(),
        now.superBlob(),
        now.clusterBytes(),
        now.pageMaskStart(),
        now.pageMaskPages(),
        now.clusterMaskStart(),
        now.clusterMaskPages(),
        now.mdStart(),
        now.mdPages(),
        now.type(),
        0,
        0,
        version == 1 ? 0 : now.sizeBytes(),
        now.ioUnitBytes() == 4096 ? 0 : now.ioUnitBytes());
  }
}
