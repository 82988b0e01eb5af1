package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeCommand.Transfer;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Sqe;
import io.tenon.reactor.BufferPool;
import io.tenon.transport.nvmetcp.internal.pdu.Fatal;
import java.util.function.Consumer;

/**
 * The way of a connection's commands from their capsules to the model: what needs a buffer, or data that the host must be asked for, gets it
 * in its turn. The connection's reactor only.
 *
 * <p>A command that needs a buffer of an empty pool waits in a line; the socket is read on, since the data of commands that
 * hold buffers stands behind it. The line is no longer than the queue.
 */
final class CommandFlow {
  /** Command Transient Transport Error, Base 2.0c Figure 94. */
  private static final int TRANSIENT_TRANSPORT_ERROR = 0x022;

  private static final int OPCODE_WRITE = 0x01;
  private static final int FUSE_BITS = 0x03;

  /** Below this, a copy is cheaper than receiving in two pieces. */
  private static final int LARGE_BYTES = 16384;

  /**
   * Large writes of one connection that send their data at a time. Enough to fill a fast network; with more of them the
   * buffers that they cycle through fall out of the core's cache.
   */
  private static final int MAX_LARGE_WRITES = 8;

  private final TargetConnection connection;
  private final NvmeQueue queue;
  private final SendQueue sending;
  private final BufferPool pool;
  private final ConnectionMemory memory;
  private final int maxH2cDataBytes;
  private final Runnable bufferCame = this::bufferCame;

  /** What they need is not there: a buffer, or room in the socket. */
  private final WaitingLine waiting = new WaitingLine();

  /** Large writes that are not asked for their data yet. */
  private final WaitingLine largeWrites = new WaitingLine();

  private boolean asksForBuffer;
  private boolean serving;
  private int awaitedLarge;

  /** Not with data digests: one of lent memory may not match what is there when it is sent. */
  private boolean mayLend = true;

  CommandFlow(
      TargetConnection connection,
      NvmeQueue queue,
      SendQueue sending,
      BufferPool pool,
      ConnectionMemory memory,
      int maxH2cDataBytes) {
    this.connection = connection;
    this.queue = queue;
    this.sending = sending;
    this.pool = pool;
    this.memory = memory;
    this.maxH2cDataBytes = maxH2cDataBytes;
  }

  void agree(boolean withDataDigest) {
    mayLend = !withDataDigest;
  }

  /** Large data is on its way into commands' buffers: do not receive too much of it elsewhere. */
  boolean awaitsLargeData() {
    return awaitedLarge > 0;
  }

  /**
   * @param intact the data's digest is right
   */
  void begin(TargetCommand command, long data, int dataBytes, boolean intact) {
    command.become(TargetCommand.State.BEGUN);
    queue.begin(command);
    if (command.state != TargetCommand.State.BEGUN) return;
    if (command.transferBytes() == 0) {
      execute(command);
    } else if (command.transfer() == Transfer.IN && command.isDataInCapsule()) {
      takeCapsuleData(command, data, dataBytes, intact);
    } else if (isLargeWrite(command)
        && (awaitedLarge >= MAX_LARGE_WRITES || !largeWrites.isEmpty() || connection.isLeaving())) {
      command.become(TargetCommand.State.WAITING);
      largeWrites.add(command);
    } else {
      startOrWait(command);
    }
  }

  private static boolean isLargeWrite(TargetCommand command) {
    return command.transfer() == Transfer.IN && command.transferBytes() >= LARGE_BYTES;
  }

  private void takeCapsuleData(TargetCommand command, long data, int dataBytes, boolean intact) {
    long offset = command.capsuleOffset();
    int length = command.transferBytes();
    if (offset < 0 || offset > dataBytes - (long) length) {
      fail(command, NvmeStatus.DATA_SGL_LENGTH_INVALID | NvmeStatus.DO_NOT_RETRY);
    } else if (!intact) {
      fail(command, TRANSIENT_TRANSPORT_ERROR);
    } else if (readsInPlace(command)) {
      command.dataAddress(data + offset);
      execute(command);
    } else {
      long own = memory.capsule(command.slot);
      Memory.copy(data + offset, own, length);
      command.dataAddress(own);
      execute(command);
    }
  }

  /** A plain write to a device that has read the memory when submit returns. */
  boolean readsInPlace(TargetCommand command) {
    return command.opcode() == OPCODE_WRITE
        && queue.queueId() > 0
        && (Memory.getU8(command.sqe() + Sqe.FLAGS) & FUSE_BITS) == 0
        && queue.consumesInline();
  }

  /**
   * A piece of data has come whole.
   *
   * @param address of all of the command's data
   */
  void received(TargetCommand command, long address, int length, boolean intact) {
    command.receivedBytes += length;
    if (!intact) command.failure = TRANSIENT_TRANSPORT_ERROR;
    if (command.receivedBytes < command.requestedBytes) return;
    boolean whole = command.receivedBytes == command.transferBytes();
    if (!whole && command.failure == 0) {
      askForMore(command);
      return;
    }
    boolean large = isLargeWrite(command);
    if (command.failure != 0) {
      fail(command, command.failure);
    } else {
      command.dataAddress(address);
      execute(command);
    }
    if (large) largeWriteEnded();
  }

  private void largeWriteEnded() {
    awaitedLarge--;
    TargetCommand next = largeWrites.first();
    if (next == null || !connection.startsMore()) return;
    largeWrites.removeFirst(next);
    startOrWait(next);
  }

  /** Gets what the command needs before it can go on; false when it is not there now. */
  private boolean start(TargetCommand command) {
    if (command.transfer() == Transfer.OUT && command.mayLend() && mayLend) {
      if (sending.isBlocked()) return false;
      execute(command);
      if (sending.isLadenForOneCall()) connection.flush();
      return true;
    }
    long buffer = pool.take(command.transferBytes());
    if (buffer == 0) return false;
    command.buffer = buffer;
    command.bufferBytes = command.transferBytes();
    if (command.transfer() == Transfer.OUT) {
      command.dataAddress(buffer);
      execute(command);
    } else {
      command.become(TargetCommand.State.RECEIVING);
      if (isLargeWrite(command)) awaitedLarge++;
      askForMore(command);
    }
    return true;
  }

  private void askForMore(TargetCommand command) {
    if (!sending.hasRoomForR2t()) {
      connection.terminate(Fatal.SEQUENCE_ERROR, 0, command.sqe(), Sqe.LENGTH_BYTES);
      return;
    }
    int offset = command.requestedBytes;
    int length = Math.min(command.transferBytes() - offset, maxH2cDataBytes);
    command.requestedBytes = offset + length;
    sending.r2t(command, offset, length);
    connection.scheduleFlush();
  }

  private void startOrWait(TargetCommand command) {
    if (!connection.isLeaving() && waiting.isEmpty() && start(command)) return;
    if (command.state != TargetCommand.State.WAITING) command.become(TargetCommand.State.WAITING);
    waiting.add(command);
    askForBuffer();
  }

  /** Unless it is the socket that the line waits for. */
  private void askForBuffer() {
    if (asksForBuffer || sending.isBlocked() || connection.isLeaving()) return;
    asksForBuffer = true;
    pool.whenAvailable(bufferCame);
  }

  private void bufferCame() {
    asksForBuffer = false;
    serveWaiting();
  }

  /** Those that wait, as long as what they need is there. */
  void serveWaiting() {
    if (serving) return;
    serving = true;
    while (connection.startsMore()) {
      TargetCommand command = waiting.first();
      if (command == null) break;
      if (!start(command)) {
        askForBuffer();
        break;
      }
      waiting.removeFirst(command);
    }
    serving = false;
  }

  /** The connection stays after all: what it held back begins. */
  void goOn() {
    serveWaiting();
    while (awaitedLarge < MAX_LARGE_WRITES && connection.startsMore()) {
      TargetCommand next = largeWrites.first();
      if (next == null) break;
      largeWrites.removeFirst(next);
      startOrWait(next);
    }
  }

  private void execute(TargetCommand command) {
    command.become(TargetCommand.State.EXECUTING);
    queue.execute(command);
  }

  private void fail(TargetCommand command, int status) {
    command.failure = status;
    connection.respond(command);
  }

  /** Those that wait here, first come first served, for another version of this bundle to begin anew. */
  void takeBack(Consumer<TargetCommand> to) {
    takeBack(waiting, to);
    takeBack(largeWrites, to);
  }

  private static void takeBack(WaitingLine line, Consumer<TargetCommand> to) {
    for (TargetCommand command = line.first(); command != null; command = line.first()) {
      line.removeFirst(command);
      to.accept(command);
    }
  }

  /** The connection is over, which ends them. */
  void clear() {
    waiting.clear();
    largeWrites.clear();
  }
}
