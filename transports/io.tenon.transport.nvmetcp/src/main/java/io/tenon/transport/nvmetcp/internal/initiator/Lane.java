package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.Geometry;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import io.tenon.reactor.Reactor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One reactor's way to a remote namespace: its I/O queue while there is one, and the requests that wait for room in it.
 *
 * <p>Without a connection a request fails at once, so that a nexus above learns quickly; with a hold time it waits for the
 * connection to come back for that long first, in-flight requests included (all of them can be done twice). The reactor
 * only, but for the counters.
 */
final class Lane implements HostCommand.Owner {
  private static final VarHandle COUNTER = MethodHandles.arrayElementVarHandle(long[].class);
  private static final int NSID = 1;

  /** NLB is 16 bits, less one. */
  private static final int MAX_BLOCKS = 1 << 16;

  /** A range of Dataset Management: 16 bytes. */
  private static final int RANGE_BYTES = 16;

  private static final int RANGE_BLOCKS = 4;
  private static final int RANGE_LBA = 8;
  private static final int DEALLOCATE = 1 << 2;

  private final Reactor reactor;
  private final long holdNs;
  private final ArrayDeque<IoRequest> held = new ArrayDeque<>();
  private @Nullable HostQueue queue;
  private boolean closed;
  private IoStatus downStatus = IoStatus.DEVICE_GONE;
  private Reactor.@Nullable Timer holdTimer;
  private int blockShift;
  private long blockCount;
  private int maxTransferBlocks;

  // Requests not all of whose commands are sent, in their order.
  private @Nullable RemoteIo first;
  private @Nullable RemoteIo last;
  private @Nullable RemoteIo spare;
  private boolean pumping;

  /** For each operation: how many, and their blocks. Written here, read by any thread as of some moment. */
  private final long[] counters = new long[2 * IoOperation.COUNT];

  /**
   * @param holdNs how long requests wait for a lost connection; 0 to fail at once
   */
  Lane(Reactor reactor, long holdNs) {
    this.reactor = reactor;
    this.holdNs = holdNs;
  }

  Reactor reactor() {
    return reactor;
  }

  void resize(Geometry geometry) {
    blockShift = geometry.blockShift();
    blockCount = geometry.blockCount();
  }

  /** A queue that is connected. */
  void open(HostQueue with, Geometry geometry) {
    if (closed || !with.isOpen()) return;
    queue = with;
    resize(geometry);
    maxTransferBlocks =
        Math.min(MAX_BLOCKS, with.parameters().maxTransferBytes() >>> geometry.blockShift());
    if (holdTimer != null) holdTimer.cancel();
    holdTimer = null;
    for (int left = held.size(); left > 0; left--) take(held.remove());
  }

  /** The queue is no more; its commands will be told one by one after this. */
  void lost(HostQueue which, IoStatus status) {
    if (queue != which) return;
    queue = null;
    downStatus = status;
    if (holdNs > 0 && !closed && holdTimer == null) {
      holdTimer = reactor.schedule(holdNs, this::giveUp);
    }
    while (first != null) {
      RemoteIo io = first;
      unlinkFirst(io);
      io.allSent = true;
      io.note(status);
      if (io.isOver()) end(io);
    }
  }

  /** For good: what is held fails, and so does whatever comes. */
  void close() {
    closed = true;
    if (holdTimer != null) holdTimer.cancel();
    giveUp();
    if (queue != null) queue.close("closed by this node", IoStatus.ABORTED);
  }

  /** Ends the queue; requests fail or are held. */
  void drop(String reason, IoStatus status) {
    if (queue != null) queue.close(reason, status);
  }

  private void giveUp() {
    holdTimer = null;
    for (int left = held.size(); left > 0; left--) held.remove().complete(IoStatus.DEVICE_GONE);
  }

  void take(IoRequest request) {
    if (queue == null) {
      fail(request, downStatus);
      return;
    }
    if (!request.isWithin(blockCount)) {
      request.complete(IoStatus.OUT_OF_RANGE);
      return;
    }
    RemoteIo io = spare;
    if (io == null) io = new RemoteIo();
    else spare = io.next;
    io.next = null;
    io.begin(request);
    if (last == null) first = io;
    else last.next = io;
    last = io;
    pump();
  }

  private void fail(IoRequest request, IoStatus status) {
    if (holdTimer != null) held.add(request);
    else request.complete(closed ? IoStatus.ABORTED : status);
  }

  /** Sends commands while there are free ones. */
  private void pump() {
    if (pumping) return;
    pumping = true;
    while (first != null && queue != null) {
      RemoteIo io = first;
      if (!send(io, queue)) break;
      if (!io.allSent) continue;
      unlinkFirst(io);
      if (io.outstanding == 0) end(io);
    }
    pumping = false;
  }

  private void unlinkFirst(RemoteIo io) {
    first = io.next;
    io.next = null;
    if (first == null) last = null;
  }

  /**
   * @return false when there is no free command
   */
  private boolean send(RemoteIo io, HostQueue to) {
    IoRequest request = io.request;
    if (request == null) throw Check.bug("a lane's I/O without a request");
    if (!to.hasFree()) return false;
    switch (request.operation()) {
      case READ -> transfer(io, request, to, Opcode.READ);
      case WRITE -> transfer(io, request, to, Opcode.WRITE);
      case COMPARE -> transfer(io, request, to, Opcode.COMPARE);
      case WRITE_ZEROES -> {
        int blocks = (int) Math.min(io.blocksLeft, MAX_BLOCKS);
        submit(io, prepare(io, to, Opcode.WRITE_ZEROES, request, blocks), to);
        advance(io, blocks);
      }
      case UNMAP -> unmap(io, request, to);
      case FLUSH -> {
        HostCommand command = to.take(this);
        command.prepare(Opcode.FLUSH, NSID);
        submit(io, command, to);
        io.allSent = true;
      }
      case COMPARE_AND_WRITE -> {
        io.note(IoStatus.UNSUPPORTED);
        io.allSent = true;
      }
    }
    return true;
  }

  private void transfer(RemoteIo io, IoRequest request, HostQueue to, int opcode) {
    int blocks = (int) Math.min(io.blocksLeft, maxTransferBlocks);
    HostCommand command = prepare(io, to, opcode, request, blocks);
    long address = request.address() + (io.blocksDone << blockShift);
    if (opcode == Opcode.READ) command.reads(address, blocks << blockShift);
    else command.writes(address, blocks << blockShift);
    submit(io, command, to);
    advance(io, blocks);
  }

  private HostCommand prepare(
      RemoteIo io, HostQueue to, int opcode, IoRequest request, int blocks) {
    HostCommand command = to.take(this);
    long sqe = command.prepare(opcode, NSID);
    Memory.putLong(sqe + Sqe.CDW10, request.lba() + io.blocksDone);
    Memory.putShort(sqe + Sqe.CDW12, blocks - 1);
    return command;
  }

  private void unmap(RemoteIo io, IoRequest request, HostQueue to) {
    HostCommand command = to.take(this);
    long sqe = command.prepare(Opcode.DATASET_MANAGEMENT, NSID);
    Memory.putInt(sqe + Sqe.CDW11, DEALLOCATE);
    long blocks = Math.min(io.blocksLeft, 0xFFFF_FFFFL);
    long range = to.scratch(command);
    Memory.putInt(range, 0);
    Memory.putInt(range + RANGE_BLOCKS, (int) blocks);
    Memory.putLong(range + RANGE_LBA, request.lba() + io.blocksDone);
    command.writes(range, RANGE_BYTES);
    submit(io, command, to);
    advance(io, blocks);
  }

  private static void submit(RemoteIo io, HostCommand command, HostQueue to) {
    command.io = io;
    io.outstanding++;
    to.submit(command);
  }

  private static void advance(RemoteIo io, long blocks) {
    io.blocksDone += blocks;
    io.blocksLeft -= blocks;
    if (io.blocksLeft == 0) io.allSent = true;
  }

  // Answers.

  @Override
  public void answered(HostCommand command, long result, int status) {
    RemoteIo io = take(command);
    if (status != NvmeStatus.SUCCESS) io.note(status(status));
    if (io.isOver()) end(io);
    pump();
  }

  @Override
  public void lost(HostCommand command, IoStatus status) {
    RemoteIo io = take(command);
    io.note(status);
    io.allSent = true;
    if (io.isOver()) end(io);
  }

  private static RemoteIo take(HostCommand command) {
    RemoteIo io = command.io;
    if (io == null) throw Check.bug("command %d belongs to no I/O", command.id);
    command.io = null;
    io.outstanding--;
    return io;
  }

  private void end(RemoteIo io) {
    IoRequest request = io.request;
    if (request == null) throw Check.bug("a lane's I/O ended twice");
    IoStatus status = io.status;
    io.request = null;
    io.next = spare;
    spare = io;
    if (status == IoStatus.SUCCESS) count(request);
    if (queue == null) fail(request, status);
    else request.complete(status);
  }

  static IoStatus status(int status) {
    return switch (NvmeStatus.code(status)) {
      case NvmeStatus.SUCCESS -> IoStatus.SUCCESS;
      case NvmeStatus.INVALID_OPCODE -> IoStatus.UNSUPPORTED;
      case NvmeStatus.LBA_OUT_OF_RANGE -> IoStatus.OUT_OF_RANGE;
      case NvmeStatus.CAPACITY_EXCEEDED -> IoStatus.NO_SPACE;
      case NvmeStatus.RESERVATION_CONFLICT -> IoStatus.RESERVATION_CONFLICT;
      case NvmeStatus.COMPARE_FAILURE -> IoStatus.MISCOMPARE;
      case NvmeStatus.INVALID_NAMESPACE -> IoStatus.DEVICE_GONE;
      case NvmeStatus.ABORT_REQUESTED, NvmeStatus.ABORTED_SQ_DELETION -> IoStatus.ABORTED;
      default -> IoStatus.IO_ERROR;
    };
  }

  private void count(IoRequest request) {
    int at = 2 * request.operation().index();
    counters[at]++;
    counters[at + 1] += request.blocks();
  }

  /** Before its first request: others have counted so far. */
  void countOn(long[] from) {
    System.arraycopy(from, 0, counters, 0, counters.length);
  }

  /** For {@link #countOn}: what all have counted. Any thread. */
  static long[] counted(List<Lane> lanes) {
    var sum = new long[2 * IoOperation.COUNT];
    for (Lane lane : lanes) {
      for (int i = 0; i < sum.length; i++) sum[i] += (long) COUNTER.getOpaque(lane.counters, i);
    }
    return sum;
  }

  /** Any thread. */
  long operations(IoOperation operation) {
    return (long) COUNTER.getOpaque(counters, 2 * operation.index());
  }

  /** Any thread. */
  long blocks(IoOperation operation) {
    return (long) COUNTER.getOpaque(counters, 2 * operation.index() + 1);
  }
}
