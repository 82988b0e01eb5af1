package io.tenon.pool.internal;

import io.tenon.block.AllocationHint;
import io.tenon.block.AllocationQuery;
import io.tenon.block.CopyPace;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Foreground;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.block.PieceCopy;
import io.tenon.error.Check;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Mapping;
import io.tenon.reactor.Reactor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Copies what one device holds to the beginning of another that nobody else uses, and that nobody changes; where the one holds nothing, the other
 * ends as zeroes. One reactor; as many pieces at a time as hosts do not feel, each with memory of its own.
 *
 * <pre>
 * pieces in ascending order ({@link PieceCopy}) ─► all are copied ─► flush ─► end
 *      └ fault, or stopped ─► no next piece ─► none under way ──────────────► end
 * </pre>
 */
final class SnapshotCopy {
  private final DeviceSlot source;
  private final DeviceSlot destination;
  private final Reactor reactor;
  private final CopyPace pace;
  private final int blockShift;
  private final long blockCount;
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private volatile long copiedBlocks;
  private volatile boolean stopped;

  // The reactor's.
  private final AllocationHint hint;
  private final Piece[] free = new Piece[CopyPace.MOST_COPIES];
  private final Runnable pumpTask = this::pump;
  private int freeCount;
  private boolean pumpIsDue;
  private @Nullable Mapping memory;
  private @Nullable IoChannel from;
  private @Nullable IoChannel to;
  private long frontier;
  private boolean finishing;
  private String fault = "";

  /**
   * @param hosts to whom it yields
   */
  SnapshotCopy(DeviceSlot source, DeviceSlot destination, Reactor reactor, Foreground hosts) {
    this.source = source;
    this.destination = destination;
    this.reactor = reactor;
    pace = new CopyPace(reactor, hosts, this::pumpSoon);
    var geometry = source.geometry();
    blockShift = geometry.blockShift();
    blockCount = geometry.blockCount();
    hint = new AllocationHint(blockShift);
  }

  /**
   * @return when nothing is in flight any more: why it has failed; empty when everything is copied and durable
   */
  CompletionStage<String> start() {
    reactor.execute(this::begin);
    return ended;
  }

  /** That the destination holds as its source does. Any thread. */
  long copiedBytes() {
    return copiedBlocks << blockShift;
  }

  /** How fast, for people. Any thread. */
  String describe() {
    return "It copies: " + pace.describe() + ".";
  }

  /** It ends soon. Any thread. */
  void stop() {
    stopped = true;
    reactor.execute(this::pumpSoon);
  }

  private void begin() {
    from = source.channel(reactor);
    to = destination.channel(reactor);
    int blocks = CopyPace.mostBlocks(blockShift);
    long bytes = (long) blocks << blockShift;
    try {
      memory = Mapping.ordinary(bytes * free.length);
    } catch (LinuxException e) {
      fault = "There was no memory for copies: " + e.getMessage() + ".";
      end();
      return;
    }
    while (freeCount < free.length) {
      free[freeCount] = new Piece(memory.address() + freeCount * bytes, blocks);
      freeCount++;
    }
    pace.start();
    pumpSoon();
  }

  private static IoChannel open(@Nullable IoChannel channel) {
    if (channel == null) throw Check.bug("a copy that has not begun");
    return channel;
  }

  /** By way of the reactor, so that devices that answer at once pile up nothing, and others get their turn. */
  private void pumpSoon() {
    if (pumpIsDue) return;
    pumpIsDue = true;
    reactor.execute(pumpTask);
  }

  private void pump() {
    pumpIsDue = false;
    if (finishing) return;
    for (int begun = 0; begun < free.length && mayBegin(); begun++) {
      pace.copyBegins();
      var piece = free[--freeCount];
      long lba = frontier;
      long blocks = hint.pieceFrom(lba, pace.pieceBlocks(blockShift), blockCount);
      frontier += blocks;
      piece.begin(lba, blocks);
    }
    if (freeCount == free.length && (frontier == blockCount || !isWanted())) finish();
  }

  private boolean mayBegin() {
    return freeCount > 0 && frontier < blockCount && isWanted() && pace.mayCopy();
  }

  private boolean isWanted() {
    if (stopped && fault.isEmpty()) fault = "It was stopped by request.";
    return fault.isEmpty();
  }

  private void failed(DeviceSlot device, IoRequest request, IoStatus status) {
    if (fault.isEmpty()) fault = "%s answered %s to %s.".formatted(device, status, request);
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  private void copied(long blocks) {
    copiedBlocks = copiedBlocks + blocks;
  }

  private void finish() {
    finishing = true;
    pace.stop();
    if (!isWanted()) {
      end();
      return;
    }
    var flush =
        new IoRequest() {
          @Override
          protected void completed(IoStatus status) {
            if (!status.isSuccess()) failed(destination, this, status);
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
    if (memory != null) memory.close();
    ended.complete(fault);
  }

  private final class Piece extends PieceCopy {
    Piece(long memory, int memoryBlocks) {
      super(memory, memoryBlocks, blockShift);
    }

    void begin(long lba, long blocks) {
      prepare(lba, blocks, hint.isData(lba, blocks));
      goOn();
    }

    @Override
    protected boolean hasSource() {
      boolean goesOn = isWanted();
      if (!goesOn) ended();
      return goesOn;
    }

    @Override
    protected long blocksToAsk(long lba, long rest) {
      return hint.blocksToAsk(lba, rest, blockCount);
    }

    @Override
    protected void askSource(AllocationQuery query, long lba, long blocks) {
      query.prepare(lba, blocks);
      open(from).ask(query);
    }

    @Override
    protected boolean isBelieved(AllocationQuery answer, long lba) {
      hint.learn(lba, answer.alike(), answer.isAllocated(), frontier);
      return true;
    }

    @Override
    protected void read(IoRequest read, long lba, long blocks, long address, int bytes) {
      read.prepareRead(lba, blocks, address, bytes);
      open(from).submit(read);
    }

    @Override
    protected Outcome haveRead(IoRequest read, long lba, IoStatus status) {
      if (status.isSuccess()) return Outcome.GOOD;
      failed(source, read, status);
      ended();
      return Outcome.OVER;
    }

    @Override
    protected boolean isWanted() {
      return SnapshotCopy.this.isWanted();
    }

    @Override
    protected void askDestination(AllocationQuery query, long lba, long blocks) {
      query.prepare(lba, blocks);
      open(to).ask(query);
    }

    @Override
    protected void destinationAnswered() {
      // Nobody else uses it.
    }

    @Override
    protected void write(IoRequest write, long lba, long blocks, long address, int bytes) {
      write.prepareWrite(lba, blocks, address, bytes);
      open(to).submit(write);
    }

    @Override
    protected void writeZeroes(IoRequest write, long lba, long blocks) {
      write.prepareWriteZeroes(lba, blocks);
      open(to).submit(write);
    }

    @Override
    protected boolean haveWritten(IoRequest write, long blocks, IoStatus status) {
      if (status.isSuccess()) {
        copied(blocks);
        return true;
      }
      failed(destination, write, status);
      ended();
      return false;
    }

    @Override
    protected void leftOut(long blocks) {
      copied(blocks);
    }

    @Override
    protected void ended() {
      free[freeCount++] = this;
      pace.copyEnds(movedBlocks() << blockShift);
      pumpSoon();
    }
  }
}
