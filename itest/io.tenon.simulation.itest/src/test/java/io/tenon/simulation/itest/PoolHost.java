package io.tenon.simulation.itest;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/** Reads and writes a replica and checks what it sees, a few I/Os at a time, until it is told to stop. That reactor only. */
final class PoolHost {
  private static final int LEGS = 3;
  private static final int SECTORS = PoolContent.PAGE_BYTES / Platter.SECTOR_BYTES;

  private final String name;
  private final PoolContent content;
  private final Reactor reactor;
  private final IoChannel channel;
  private final SplittableRandom random;
  private final Stamps stamps;
  private final BooleanSupplier mayFail;
  private final TreeSet<Integer> busy = new TreeSet<>();
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private boolean stopping;
  private int running = LEGS;

  /** Each is used once. */
  static final class Stamps {
    private long last;

    long next() {
      return ++last;
    }
  }

  private PoolHost(
      DeviceSlot slot,
      PoolContent content,
      Reactor reactor,
      SplittableRandom random,
      Stamps stamps,
      BooleanSupplier mayFail) {
    name = slot.name();
    this.content = content;
    this.reactor = reactor;
    this.random = random;
    this.stamps = stamps;
    this.mayFail = mayFail;
    channel = slot.channel(reactor);
    for (int i = 0; i < LEGS; i++) new Leg().later();
  }

  static CompletableFuture<PoolHost> start(
      DeviceSlot slot,
      PoolContent content,
      Reactor reactor,
      SplittableRandom random,
      Stamps stamps,
      BooleanSupplier mayFail) {
    var started = new CompletableFuture<PoolHost>();
    reactor.execute(
        () -> started.complete(new PoolHost(slot, content, reactor, random, stamps, mayFail)));
    return started;
  }

  /** Any thread. */
  CompletableFuture<Void> stop() {
    reactor.execute(() -> stopping = true);
    return stopped;
  }

  private final class Leg extends IoRequest {
    private final MemorySegment held = Arena.ofAuto().allocate(PoolContent.PAGE_BYTES, 4096);
    private final long memory = held.address();
    private int page;
    private long stamp;
    private int[] before = {};

    void later() {
      reactor.schedule(1 + random.nextLong(1_500_000), this::next);
    }

    private void next() {
      if (stopping) {
        if (--running > 0) return;
        channel.close();
        stopped.complete(null);
        return;
      }
      int kind = random.nextInt(20);
      page = random.nextInt(content.pages());
      if (kind > 0 && !busy.add(page)) {
        later();
        return;
      }
      long lba = (long) page * SECTORS;
      if (kind == 0) {
        before = content.changes();
        prepareFlush();
      } else if (kind < 9) {
        prepareRead(lba, SECTORS, memory, PoolContent.PAGE_BYTES);
      } else {
        stamp = stamps.next();
        for (int at = 0; at < PoolContent.PAGE_BYTES; at += Long.BYTES) {
          Memory.putLong(memory + at, stamp);
        }
        content.begins(page, stamp);
        prepareWrite(lba, SECTORS, memory, PoolContent.PAGE_BYTES);
      }
      channel.submit(this);
    }

    @Override
    protected void completed(IoStatus status) {
      boolean fine = status.isSuccess() || status == IoStatus.NO_SPACE || mayFail.getAsBoolean();
      if (!fine) throw new AssertionError("%s of %s ended with %s".formatted(this, name, status));
      if (operation() == IoOperation.FLUSH) {
        if (status.isSuccess()) content.flushed(before);
      } else {
        busy.remove(page);
        if (operation() == IoOperation.READ) {
          if (status.isSuccess()) content.read(page, sectors(memory), name);
        } else if (status.isSuccess()) {
          content.written(page, stamp);
        } else {
          content.failed(page);
        }
      }
      later();
    }
  }

  /** A stamp each; a sector of two stamps is nobody's. */
  static long[] sectors(long memory) {
    var found = new long[SECTORS];
    for (int i = 0; i < SECTORS; i++) {
      long at = memory + (long) i * Platter.SECTOR_BYTES;
      found[i] = Memory.getLong(at);
      for (int j = 0; j < Platter.SECTOR_BYTES; j += Long.BYTES) {
        if (Memory.getLong(at + j) != found[i]) found[i] = Long.MIN_VALUE;
      }
    }
    return found;
  }
}
