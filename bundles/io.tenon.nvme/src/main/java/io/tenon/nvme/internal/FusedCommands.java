package io.tenon.nvme.internal;

import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.internal.reservation.ReservationRules;
import io.tenon.reactor.BufferPool;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Compare and write as one, NVM Command Set 1.0c §2.1.4.1: a Compare and the Write right behind it on the same queue. Both
 * become one I/O when the data of both is here; either both happen or neither. The queue's reactor only.
 */
final class FusedCommands {
  private static final int FIRST = 1;
  private static final int RESERVED = 3;

  /** Atomic compare and write unit, ACWU, which we state as 0: one block. */
  private static final int MAX_BLOCKS = 1;

  /** A compare and its write. */
  private static final class Pair {
    final NvmeCommand compare;
    @Nullable NvmeCommand write;
    boolean compareIsReady;
    boolean writeIsReady;
    boolean waitsForMemory;
    boolean started;
    int failure;
    long buffer;
    int bufferBytes;

    Pair(NvmeCommand compare) {
      this.compare = compare;
    }
  }

  private final IoQueue queue;
  private final BufferPool pool;
  private final Map<NvmeCommand, Pair> pairs = new LinkedHashMap<>();
  private @Nullable Pair awaitingSecond;

  FusedCommands(IoQueue queue, BufferPool pool) {
    this.queue = queue;
    this.pool = pool;
  }

  boolean awaitsSecond() {
    return awaitingSecond != null;
  }

  boolean isIdle() {
    return pairs.isEmpty();
  }

  /** Every command that is fused, or follows a first one. */
  void begin(NvmeCommand command) {
    int fuse = Memory.getU8(command.sqe() + Sqe.FLAGS) & Sqe.FUSE_MASK;
    var first = awaitingSecond;
    awaitingSecond = null;
    if (fuse == FIRST) {
      if (first != null) fail(first, NvmeStatus.ABORTED_MISSING_FUSED | NvmeStatus.DO_NOT_RETRY);
      beginFirst(command);
    } else if (fuse == RESERVED) {
      if (first != null) fail(first, NvmeStatus.ABORTED_MISSING_FUSED | NvmeStatus.DO_NOT_RETRY);
      Transfers.refuse(command, NvmeStatus.INVALID_FIELD);
    } else if (first == null) {
      command.refuse(NvmeStatus.ABORTED_MISSING_FUSED | NvmeStatus.DO_NOT_RETRY);
    } else if (fuse == 0) {
      fail(first, NvmeStatus.ABORTED_MISSING_FUSED | NvmeStatus.DO_NOT_RETRY);
    } else {
      beginSecond(command, first);
    }
  }

  private void beginFirst(NvmeCommand command) {
    if (command.opcode() != Opcode.COMPARE || IoQueue.blocks(command.sqe()) > MAX_BLOCKS) {
      Transfers.refuse(command, NvmeStatus.INVALID_FIELD);
      return;
    }
    var pair = new Pair(command);
    pairs.put(command, pair);
    awaitingSecond = pair;
  }

  private void beginSecond(NvmeCommand command, Pair pair) {
    long sqe = command.sqe();
    long first = pair.compare.sqe();
    boolean matches =
        command.opcode() == Opcode.WRITE
            && IoQueue.lba(sqe) == IoQueue.lba(first)
            && IoQueue.blocks(sqe) == IoQueue.blocks(first);
    if (!matches) {
      Transfers.refuse(command, NvmeStatus.INVALID_FIELD);
      fail(pair, NvmeStatus.ABORTED_FAILED_FUSED | NvmeStatus.DO_NOT_RETRY);
      return;
    }
    pair.write = command;
    pairs.put(command, pair);
  }

  /** The data of one of both is here. */
  void execute(NvmeCommand command) {
    var pair = pairs.get(command);
    if (pair == null) {
      queue.fail(command, NvmeStatus.ABORTED_FAILED_FUSED);
      return;
    }
    if (pair.failure != 0) {
      forget(command);
      queue.fail(command, pair.failure);
      return;
    }
    if (command.equals(pair.compare)) pair.compareIsReady = true;
    else pair.writeIsReady = true;
    start(pair);
  }

  /** To the device, when all is here that it takes. Memory may come long after the queue has let the pair in. */
  private void start(Pair pair) {
    var write = pair.write;
    if (write == null || !pair.compareIsReady || !pair.writeIsReady) return;
    if (pair.started || pair.failure != 0 || queue.isPaused()) return;
    int refusal = queue.refusal(ReservationRules.READS | ReservationRules.WRITES);
    if (refusal != 0) {
      fail(pair, refusal);
      return;
    }
    int bytes = pair.compare.transferBytes();
    long buffer = pool.take(2 * bytes);
    if (buffer == 0) {
      waitForMemory(pair);
      return;
    }
    pair.started = true;
    pair.buffer = buffer;
    pair.bufferBytes = 2 * bytes;
    Memory.copy(pair.compare.dataAddress(), buffer, bytes);
    Memory.copy(write.dataAddress(), buffer + bytes, bytes);
    long sqe = write.sqe();
    write.prepareCompareAndWrite(IoQueue.lba(sqe), IoQueue.blocks(sqe), buffer, 2 * bytes);
    queue.submit(write);
  }

  private void waitForMemory(Pair pair) {
    if (pair.waitsForMemory) return;
    pair.waitsForMemory = true;
    pool.whenAvailable(
        () -> {
          pair.waitsForMemory = false;
          start(pair);
        });
  }

  /** The queue goes on after a pause: so does what was ready meanwhile. */
  void resume() {
    for (var pair : List.copyOf(pairs.values())) start(pair);
  }

  /** The I/O of a pair has ended. */
  void completed(NvmeCommand write, IoStatus status) {
    var pair = pairs.get(write);
    if (pair == null) return;
    boolean wrote = status == IoStatus.SUCCESS;
    if (wrote && write.operation() == IoOperation.COMPARE_AND_WRITE && queue.isForced(write)) {
      queue.flush(write);
      return;
    }
    pool.give(pair.buffer, pair.bufferBytes);
    forget(pair.compare);
    forget(write);
    if (wrote) {
      pair.compare.finish(0, NvmeStatus.SUCCESS);
      write.finish(0, NvmeStatus.SUCCESS);
    } else {
      queue.fail(pair.compare, queue.hostStatus(status));
      queue.fail(write, NvmeStatus.ABORTED_FAILED_FUSED);
    }
  }

  /** What waits ends now, what is still receiving data ends when it is executed. */
  private void fail(Pair pair, int status) {
    pair.failure = status;
    if (pair.compareIsReady) {
      pair.compareIsReady = false;
      forget(pair.compare);
      queue.fail(pair.compare, pair.failure);
    }
    var write = pair.write;
    if (write != null && pair.writeIsReady) {
      pair.writeIsReady = false;
      forget(write);
      queue.fail(write, pair.failure);
    }
  }

  private void forget(NvmeCommand command) {
    pairs.remove(command);
  }

  /** A command's slot is free again; when it was never executed, its partner must not wait for it. */
  void end(NvmeCommand command) {
    var pair = pairs.remove(command);
    if (pair == null || pair.started) return;
    if (pair.equals(awaitingSecond)) awaitingSecond = null;
    fail(pair, NvmeStatus.ABORTED_FAILED_FUSED | NvmeStatus.DO_NOT_RETRY);
  }

  /** The connection is gone. */
  void abandon() {
    awaitingSecond = null;
    for (var pair : List.copyOf(pairs.values())) {
      if (!pair.started && pair.failure == 0) fail(pair, NvmeStatus.ABORTED_SQ_DELETION);
    }
  }
}
