package io.tenon.pool.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Copies all of one device to the beginning of another that nobody else uses. What reads as zeroes is written as such, which leaves a
 * thin destination thin. One reactor; several pieces at a time, each with memory of its own.
 *
 * <pre>
 * next piece ─► read ─► write, or write zeroes ─► next piece ... ─► all pieces done ─► flush ─► end
 *                └───────────┴─ fault, or stopped ─► no next piece ─────────────────────────► end
 * </pre>
 */
final class SnapshotCopy {
  private static final int PIECE_BYTES = 64 << 10;
  private static final int PIECES = 8;
  private static final int ALIGNMENT = 4096;

  private final DeviceSlot source;
  private final DeviceSlot destination;
  private final Reactor reactor;
  private final int blockShift;
  private final long blockCount;
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private volatile long copiedBlocks;
  private volatile boolean stopped;

  // The reactor's.
  private final Arena memory = Arena.ofShared();
  private @Nullable IoChannel from;
  private @Nullable IoChannel to;
  private long frontier;
  private int busy;
  private String fault = "";

  SnapshotCopy(DeviceSlot source, DeviceSlot destination, Reactor reactor) {
    this.source = source;
    this.destination = destination;
    this.reactor = reactor;
    var geometry = source.geometry();
    blockShift = geometry.blockShift();
    blockCount = geometry.blockCount();
  }

  /**
   * @return when nothing is in flight any more: why it has failed; empty when everything is copied and durable
   */
  CompletionStage<String> start() {
    reactor.execute(this::begin);
    return ended;
  }

  long copiedBytes() {
    return copiedBlocks << blockShift;
  }

  /** It ends soon. */
  void stop() {
    stopped = true;
  }

  private void begin() {
    from = source.channel(reactor);
    to = destination.channel(reactor);
    busy = PIECES;
    for (int i = 0; i < PIECES; i++) new Piece().next();
  }

  private static IoChannel open(@Nullable IoChannel channel) {
    if (channel == null) throw Check.bug("a copy that has not begun");
    return channel;
  }

  /** A part on its way. */
  private final class Piece extends IoRequest {
    private final long address = memory.allocate(PIECE_BYTES, ALIGNMENT).address();

    /** By way of the reactor, so that devices that answer at once pile up nothing, and others get their turn. */
    private final Runnable nextTask = this::next;

    private long lba;
    private long blocks;
    private boolean reads;

    void next() {
      if (stopped && fault.isEmpty()) fault = "It was stopped by request.";
      if (frontier == blockCount || !fault.isEmpty()) {
        idle();
        return;
      }
      lba = frontier;
      blocks = Math.min(PIECE_BYTES >> blockShift, blockCount - lba);
      frontier += blocks;
      reads = true;
      prepareRead(lba, blocks, address, bytes());
      open(from).submit(this);
    }

    private int bytes() {
      return (int) (blocks << blockShift);
    }

    @Override
    protected void completed(IoStatus status) {
      if (!status.isSuccess()) {
        var device = reads ? source : destination;
        if (fault.isEmpty()) fault = "%s answered %s to %s.".formatted(device, status, this);
        reactor.execute(nextTask);
      } else if (reads) {
        write();
      } else {
        copied(blocks);
        reactor.execute(nextTask);
      }
    }

    private void write() {
      reads = false;
      if (isZero()) prepareWriteZeroes(lba, blocks);
      else prepareWrite(lba, blocks, address, bytes());
      open(to).submit(this);
    }

    private boolean isZero() {
      return Memory.getLong(address) == 0
          && Memory.mismatch(address, address + Long.BYTES, bytes() - Long.BYTES) < 0;
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  private void copied(long blocks) {
    copiedBlocks = copiedBlocks + blocks;
  }

  private void idle() {
    if (--busy > 0) return;
    if (!fault.isEmpty()) {
      end();
      return;
    }
    var flush =
        new IoRequest() {
          @Override
          protected void completed(IoStatus status) {
            if (!status.isSuccess())
              fault = "%s answered %s to a flush.".formatted(destination, status);
            // Not inside a completion of the channel that is to be closed.
            reactor.execute(SnapshotCopy.this::end);
          }
        };
    flush.prepareFlush();
    open(to).submit(flush);
  }

  private void end() {
    open(from).close();
    open(to).close();
    memory.close();
    ended.complete(fault);
  }
}
