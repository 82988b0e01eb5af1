package io.tenon.nvme.internal;

import io.tenon.block.AllocationQuery;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.linux.Memory;
import io.tenon.nvme.LbaStatus;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.internal.reservation.ReservationRules;
import io.tenon.reactor.Reactor;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Get LBA Status of a controller's admin queue: the device is asked run by run, by a channel that is opened for the first command and
 * closed when the controller is gone. The queue's reactor only.
 */
final class LbaStatusReports {
  /** For one command; what comes after them counts as allocated. */
  private static final int MOST_QUESTIONS = 1024;

  /** In one go: a question may have a device look at thousands of clusters, and the reactor has I/O to do. */
  private static final int QUESTIONS_A_TURN = 16;

  private final Controller controller;
  private final Reactor reactor;
  private @Nullable IoChannel channel;
  private int underWay;
  private boolean closing;

  LbaStatusReports(Controller controller, Reactor reactor) {
    this.controller = controller;
    this.reactor = reactor;
  }

  /** Who is served: a namespace, its reservations, and whether it can be reached. */
  interface Place {
    DeviceSlot device();

    /** 0 when it may be looked at by this host now; a status otherwise. */
    int refusal(UUID host);
  }

  void begin(NvmeCommand command) {
    long sqe = command.sqe();
    long bytes = LbaStatus.listBytes(sqe);
    int action = LbaStatus.action(sqe);
    boolean known = action == LbaStatus.RETURN_ALLOCATED || action == LbaStatus.RETURN_TRACKED;
    if (controller.home().place().isEmpty()) {
      Transfers.refuse(command, NvmeStatus.INVALID_OPCODE);
    } else if (Memory.getU32(sqe + Sqe.NSID) != IoQueue.NAMESPACE) {
      Transfers.refuse(command, NvmeStatus.INVALID_NAMESPACE);
    } else if (!known
        || bytes < LbaStatus.HEADER_BYTES + LbaStatus.DESCRIPTOR_BYTES
        || bytes > controller.limits().maxIoBytes()) {
      Transfers.refuse(command, NvmeStatus.INVALID_FIELD);
    } else {
      Transfers.out(command, bytes);
    }
  }

  /**
   * @return a status by which it is refused; 0 when the command is answered, now or later
   */
  int execute(NvmeCommand command) {
    var place = controller.home().place().orElseThrow();
    int refusal = place.refusal(controller.hostId());
    if (refusal != 0) return refusal;
    long sqe = command.sqe();
    long lba = LbaStatus.lba(sqe);
    long left = place.device().geometry().blockCount() - lba;
    long blocks = LbaStatus.blocks(sqe);
    if (lba < 0 || left < 1 || blocks > left) {
      return NvmeStatus.LBA_OUT_OF_RANGE | NvmeStatus.DO_NOT_RETRY;
    }
    Memory.zero(command.dataAddress(), command.transferBytes());
    if (LbaStatus.action(sqe) == LbaStatus.RETURN_TRACKED) {
      // No list of broken blocks is kept.
      LbaStatus.header(command.dataAddress(), 0, true);
      command.finish(0, NvmeStatus.SUCCESS);
      return NvmeStatus.SUCCESS;
    }
    var to = channel;
    if (to == null) channel = to = place.device().channel(reactor);
    underWay++;
    new Walk(command, to, lba, blocks == 0 ? left : blocks).run();
    return NvmeStatus.SUCCESS;
  }

  /** A command that looks at one run of blocks after the other. */
  private final class Walk extends AllocationQuery {
    private final NvmeCommand command;
    private final IoChannel to;
    private final long list;
    private final int room;
    private final long end;
    private long at;
    private int questions;
    private boolean asking;
    private boolean answeredAtOnce;

    // The last descriptor: written again when it grows.
    private int descriptors;
    private long first;
    private long count;

    Walk(NvmeCommand command, IoChannel to, long lba, long blocks) {
      this.command = command;
      this.to = to;
      list = command.dataAddress();
      room = (command.transferBytes() - LbaStatus.HEADER_BYTES) / LbaStatus.DESCRIPTOR_BYTES;
      at = lba;
      end = lba + blocks;
    }

    void run() {
      int asked = 0;
      while (at < end) {
        if (asked++ == QUESTIONS_A_TURN) {
          reactor.execute(this::run);
          return;
        }
        if (questions++ == MOST_QUESTIONS) {
          finish(add(end - at));
          return;
        }
        prepare(at, end - at);
        asking = true;
        answeredAtOnce = false;
        to.ask(this);
        asking = false;
        if (!answeredAtOnce) return;
        if (!take()) {
          finish(false);
          return;
        }
      }
      finish(true);
    }

    @Override
    protected void answered() {
      answeredAtOnce = asking;
      if (asking) return;
      if (take()) run();
      else finish(false);
    }

    /**
     * @return false when the list is full
     */
    private boolean take() {
      if (isAllocated() && !add(alike())) return false;
      at += alike();
      return true;
    }

    private boolean add(long blocks) {
      long left = blocks;
      if (descriptors > 0 && first + count == at) {
        left += count;
        descriptors--;
      } else {
        first = at;
      }
      while (left > 0) {
        if (descriptors == room) return false;
        count = LbaStatus.descriptor(list, descriptors++, first, left);
        left -= count;
        if (left > 0) first += count;
      }
      return true;
    }

    private void finish(boolean complete) {
      LbaStatus.header(list, descriptors, complete);
      command.finish(0, NvmeStatus.SUCCESS);
      underWay--;
      // Not inside an answer of the channel that is to be closed.
      if (closing && underWay == 0) reactor.execute(LbaStatusReports.this::closeChannel);
    }
  }

  /** Nothing comes any more. */
  void close() {
    closing = true;
    if (underWay == 0) closeChannel();
  }

  private void closeChannel() {
    var open = channel;
    channel = null;
    if (open != null) open.close();
    controller.leaveIfEmpty();
  }

  /** The device is still used. */
  boolean isOpen() {
    return channel != null;
  }

  /** As for a read. */
  static int refusal(boolean accessible, int forbidden) {
    if (!accessible) return NvmeStatus.ANA_INACCESSIBLE;
    return (forbidden & ReservationRules.READS) == 0
        ? 0
        : NvmeStatus.RESERVATION_CONFLICT | NvmeStatus.DO_NOT_RETRY;
  }
}
