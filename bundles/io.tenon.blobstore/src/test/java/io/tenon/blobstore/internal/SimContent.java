package io.tenon.blobstore.internal;

import io.tenon.blobstore.internal.layout.Page;
import io.tenon.simulation.ByteMedium;
import io.tenon.simulation.SimDisk;

/** From a simulated disk's medium to a disk that can be loaded without a simulation, and back. */
final class SimContent {
  private SimContent() {}

  static void put(MemoryDisk from, ByteMedium to) {
    int blocks = Page.BYTES / from.blockBytes();
    for (long page : from.usedPages()) {
      byte[] content = from.page(page);
      for (int i = 0; i < blocks; i++) {
        var block = new byte[from.blockBytes()];
        System.arraycopy(content, i * block.length, block, 0, block.length);
        to.put(page * blocks + i, block);
      }
    }
  }

  static MemoryDisk of(ByteMedium medium, SimDisk disk) {
    int blockBytes = disk.geometry().blockBytes();
    var copy = new MemoryDisk(disk.geometry().sizeBytes(), blockBytes);
    long blocks = Page.BYTES / blockBytes;
    medium.forEachBlock(
        (block, content) -> {
          byte[] page = copy.page(block / blocks);
          System.arraycopy(content, 0, page, (int) (block % blocks) * blockBytes, blockBytes);
          copy.putPage(block / blocks, page);
        });
    return copy;
  }
}
