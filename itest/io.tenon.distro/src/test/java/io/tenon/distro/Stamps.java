package io.tenon.distro;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Blocks all over a device, each with a number that says where it belongs and when it was written. */
final class Stamps {
  private static final int BYTES = 4096;
  private static final int PLACES = 64;
  private static final long PATIENCE_SECONDS = 120;

  private Stamps() {}

  /** Writes them, and flushes. */
  static void write(Reactor reactor, DeviceSlot device, long version) throws Exception {
    walk(reactor, device, version, true);
  }

  /** Fails when one is not there. */
  static void check(Reactor reactor, DeviceSlot device, long version) throws Exception {
    walk(reactor, device, version, false);
  }

  private static void walk(Reactor reactor, DeviceSlot device, long version, boolean writes)
      throws Exception {
    var done = new CompletableFuture<Void>();
    reactor.execute(() -> new Walk(reactor, device, version, writes, done).next());
    done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static final class Walk extends IoRequest {
    private final Reactor reactor;
    private final DeviceSlot device;
    private final IoChannel channel;
    private final long version;
    private final boolean writes;
    private final CompletableFuture<Void> done;
    private final MemorySegment memory = Arena.ofAuto().allocate(BYTES, BYTES);
    private int place = -1;

    Walk(
        Reactor reactor,
        DeviceSlot device,
        long version,
        boolean writes,
        CompletableFuture<Void> done) {
      this.reactor = reactor;
      this.device = device;
      this.channel = device.channel(reactor);
      this.version = version;
      this.writes = writes;
      this.done = done;
    }

    private long stamp() {
      return version << 16 | place;
    }

    void next() {
      if (++place > PLACES || (place == PLACES && !writes)) {
        end(null);
        return;
      }
      int blocks = BYTES / device.geometry().blockBytes();
      long lba = device.geometry().blockCount() / blocks / PLACES * place * blocks;
      if (place == PLACES) {
        prepareFlush();
      } else if (writes) {
        for (int at = 0; at < BYTES; at += 8) Memory.putLong(memory.address() + at, stamp());
        prepareWrite(lba, blocks, memory.address(), BYTES);
      } else {
        prepareRead(lba, blocks, memory.address(), BYTES);
      }
      channel.submit(this);
    }

    @Override
    protected void completed(IoStatus status) {
      // Not from within a completion, for it may come before submit returns.
      reactor.execute(() -> ended(status));
    }

    private void ended(IoStatus status) {
      if (!status.isSuccess()) {
        end(this + " ended with " + status);
        return;
      }
      if (!writes) {
        for (int at = 0; at < BYTES; at += 8) {
          long found = Memory.getLong(memory.address() + at);
          if (found == stamp()) continue;
          end("place %d of %s holds %x, not %x".formatted(place, device.name(), found, stamp()));
          return;
        }
      }
      next();
    }

    private void end(String failure) {
      channel.close();
      if (failure == null) done.complete(null);
      else done.completeExceptionally(new AssertionError(failure));
    }
  }
}
