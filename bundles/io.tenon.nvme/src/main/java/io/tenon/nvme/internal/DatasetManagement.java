package io.tenon.nvme.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoOperation;
import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.internal.reservation.ReservationRules;

/** Dataset Management, NVM Command Set 1.0c §3.2.3: only Deallocate has an effect, range by range. Its queue's reactor only. */
final class DatasetManagement {
  private static final int RANGE_BYTES = 16;
  private static final int BLOCKS = 4;
  private static final int LBA = 8;
  private static final int DEALLOCATE = 1 << 2;

  private final IoQueue queue;
  private final DeviceSlot device;

  DatasetManagement(IoQueue queue, DeviceSlot device) {
    this.queue = queue;
    this.device = device;
  }

  static long dataBytes(long sqe) {
    return (long) ranges(sqe) * RANGE_BYTES;
  }

  private static int ranges(long sqe) {
    return Memory.getU8(sqe + Sqe.CDW10) + 1;
  }

  /** All ranges are checked before the first is touched. */
  void execute(NvmeCommand command) {
    long sqe = command.sqe();
    boolean deallocate = (Memory.getInt(sqe + Sqe.CDW11) & DEALLOCATE) != 0;
    int ranges = ranges(sqe);
    for (int i = 0; i < ranges; i++) {
      long range = command.dataAddress() + (long) i * RANGE_BYTES;
      long lba = Memory.getLong(range + LBA);
      if (lba < 0 || lba > queue.blockCount() - Memory.getU32(range + BLOCKS)) {
        queue.fail(command, NvmeStatus.LBA_OUT_OF_RANGE | NvmeStatus.DO_NOT_RETRY);
        return;
      }
    }
    if (deallocate && device.supports(IoOperation.UNMAP)) next(command);
    else command.finish(0, NvmeStatus.SUCCESS);
  }

  /** The next range; what was allowed when the command began may be forbidden now. */
  void next(NvmeCommand command) {
    if (queue.isForbidden(ReservationRules.WRITES)) {
      queue.fail(command, NvmeStatus.RESERVATION_CONFLICT | NvmeStatus.DO_NOT_RETRY);
      return;
    }
    int ranges = ranges(command.sqe());
    int next = command.progress();
    while (next < ranges) {
      long range = command.dataAddress() + (long) next * RANGE_BYTES;
      long blocks = Memory.getU32(range + BLOCKS);
      next++;
      if (blocks == 0) continue;
      command.progress(next);
      command.prepareUnmap(Memory.getLong(range + LBA), blocks);
      queue.submit(command);
      return;
    }
    command.finish(0, NvmeStatus.SUCCESS);
  }
}
