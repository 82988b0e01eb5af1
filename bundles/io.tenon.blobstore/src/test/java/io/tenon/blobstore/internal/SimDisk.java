package io.tenon.blobstore.internal;

import io.tenon.blobstore.internal.layout.Page;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A disk in the simulated world: what is told to it happens some time later, in any order. What was not flushed may be gone after a
 * power failure, sector by sector.
 */
final class SimDisk implements BlockDevice {
  private static final long MOST_DELAY_NS = 100_000;

  /** Of a few, so that what was begun long before is still under way. */
  private static final long MOST_LATE_NS = 6_000_000;

  private final SimWorld world;
  private final MemoryDisk durable;
  private final MemoryDisk now;

  /** Pages that differ from what is durable. */
  private final TreeMap<Long, Boolean> notDurable = new TreeMap<>();

  /** From now on so many operations succeed, and then none. */
  long failsAfter = Long.MAX_VALUE;

  SimDisk(SimWorld world, MemoryDisk content) {
    this.world = world;
    durable = content;
    now = content.copy();
  }

  /** What is on it while there is power. */
  MemoryDisk now() {
    return now;
  }

  /** What is on it after a power failure. */
  MemoryDisk afterPowerFailure() {
    var left = durable.copy();
    for (long page : notDurable.keySet()) {
      byte[] content = left.page(page);
      byte[] newer = now.page(page);
      int fate = world.random.nextInt(4);
      for (int sector = 0; sector < Page.BYTES; sector += RecordingDisk.SECTOR_BYTES) {
        if (fate == 0 || (fate == 1 && world.random.nextBoolean())) {
          System.arraycopy(newer, sector, content, sector, RecordingDisk.SECTOR_BYTES);
        }
      }
      left.putPage(page, content);
    }
    return left;
  }

  @Override
  public String name() {
    return "disk";
  }

  @Override
  public UUID uuid() {
    return new UUID(1, 1);
  }

  @Override
  public Geometry geometry() {
    return new Geometry(now.blockBytes(), now.sizeBytes() / now.blockBytes());
  }

  @Override
  public String productName() {
    return "Simulated disk";
  }

  @Override
  public boolean supports(IoOperation operation) {
    return operation != IoOperation.COMPARE && operation != IoOperation.COMPARE_AND_WRITE;
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return new Channel(reactor);
  }

  @Override
  public void listener(DeviceListener listener) {}

  @Override
  public void close() {}

  private final class Channel extends IoChannel {
    private final Reactor reactor;

    Channel(Reactor reactor) {
      this.reactor = reactor;
    }

    @Override
    protected void take(IoRequest request) {
      if (!reactor.isCurrent()) throw new AssertionError(request + " on another reactor");
      if (!geometry().contains(request.lba(), request.blocks())) {
        throw new AssertionError(request + " is beyond the end");
      }
      if (failsAfter-- <= 0) {
        world.after(
            world.random.nextLong(MOST_DELAY_NS),
            reactor.index(),
            () -> request.complete(IoStatus.IO_ERROR));
        return;
      }
      boolean late = world.random.nextInt(16) == 0;
      long when = world.random.nextLong(late ? MOST_LATE_NS : MOST_DELAY_NS);
      world.after(
          when,
          reactor.index(),
          () -> {
            happen(request);
            long back = world.random.nextLong(MOST_DELAY_NS);
            world.after(back, reactor.index(), () -> request.complete(IoStatus.SUCCESS));
          });
    }

    @Override
    public void close() {}
  }

  private void happen(IoRequest request) {
    int pageBlocks = Page.BYTES / now.blockBytes();
    long first = request.lba() / pageBlocks;
    long pages = request.blocks() / pageBlocks;
    if (request.lba() % pageBlocks != 0 || request.blocks() % pageBlocks != 0) {
      throw new AssertionError(request + " is not of whole pages");
    }
    world.trace(first * 31 + pages);
    switch (request.operation()) {
      case READ -> {
        for (long i = 0; i < pages; i++) {
          Memory.copy(now.page(first + i), 0, request.address() + i * Page.BYTES, Page.BYTES);
        }
      }
      case WRITE -> {
        for (long i = 0; i < pages; i++) {
          var content = new byte[Page.BYTES];
          Memory.copy(request.address() + i * Page.BYTES, content, 0, Page.BYTES);
          put(first + i, content);
        }
      }
      case WRITE_ZEROES -> {
        for (long i = 0; i < pages; i++) put(first + i, new byte[Page.BYTES]);
      }
      case UNMAP -> {
        now.discard(first * Page.BYTES, pages * Page.BYTES);
        for (long i = 0; i < pages; i++) notDurable.put(first + i, true);
      }
      case FLUSH -> {
        for (long page : notDurable.keySet()) durable.putPage(page, now.page(page));
        notDurable.clear();
      }
      case COMPARE, COMPARE_AND_WRITE -> throw new AssertionError("not offered");
    }
  }

  private void put(long page, byte[] content) {
    now.putPage(page, content);
    notDurable.put(page, true);
  }
}
