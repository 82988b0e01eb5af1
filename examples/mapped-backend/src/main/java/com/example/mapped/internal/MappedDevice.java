package com.example.mapped.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.reactor.Reactor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.UUID;

/** A file as memory. What is written is in the page cache at once, and on the disk after a flush. */
final class MappedDevice implements BlockDevice {
  private final String name;
  private final UUID uuid;
  private final Geometry geometry;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private boolean closed;

  /**
   * @param file not needed any more once it is mapped
   */
  MappedDevice(String name, UUID uuid, Geometry geometry, FileChannel file) throws IOException {
    this.name = name;
    this.uuid = uuid;
    this.geometry = geometry;
    this.memory = file.map(MapMode.READ_WRITE, 0, geometry.sizeBytes(), arena);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public UUID uuid() {
    return uuid;
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public String productName() {
    return "Mapped file";
  }

  /** The slot makes the others of these. */
  @Override
  public boolean supports(IoOperation operation) {
    return switch (operation) {
      case READ, WRITE, FLUSH -> true;
      case UNMAP, WRITE_ZEROES, COMPARE, COMPARE_AND_WRITE -> false;
    };
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return new MappedChannel(this, reactor);
  }

  @Override
  public void listener(DeviceListener listener) {
    // Its size is that of its mapping, which does not change.
  }

  long address() {
    return memory.address();
  }

  /** Waits for the disk. */
  void force() {
    memory.force();
  }

  @Override
  public synchronized void close() {
    if (closed) return;
    closed = true;
    try {
      force();
    } finally {
      arena.close();
    }
  }
}
