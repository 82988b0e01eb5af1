package io.tenon.nvme.internal;

/**
 * What went through I/O queues. Written by one reactor without fences; a reader on another sees figures that are a little
 * old, which is good enough for SMART.
 */
final class IoCounts {
  long reads;
  long writes;
  long blocksRead;
  long blocksWritten;

  void add(IoCounts other) {
    reads += other.reads;
    writes += other.writes;
    blocksRead += other.blocksRead;
    blocksWritten += other.blocksWritten;
  }
}
