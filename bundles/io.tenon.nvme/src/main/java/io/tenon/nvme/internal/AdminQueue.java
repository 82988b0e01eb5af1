package io.tenon.nvme.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.IoStatus;
import io.tenon.block.SnapshotSpec;
import io.tenon.block.Snapshots;
import io.tenon.error.Check;
import io.tenon.linux.Errno;
import io.tenon.linux.Memory;
import io.tenon.nvme.Cns;
import io.tenon.nvme.Feature;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Property;
import io.tenon.nvme.SglDescriptor;
import io.tenon.nvme.SnapshotParameters;
import io.tenon.nvme.Sqe;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The admin queue of a controller: Base 2.0c §5 and the property commands of §6. */
final class AdminQueue implements Role, NvmeCommand.DeviceAnswer {
  private static final Logger log = LoggerFactory.getLogger(AdminQueue.class);
  private static final int HOST_ID_BYTES = 16;
  private static final int HOST_BEHAVIOR_BYTES = 512;

  private final Controller controller;
  private final ConnectedQueue queue;
  private final Features features;
  private final LogPages logPages;

  /** Aborts that an I/O queue has not answered yet. */
  private int aborting;

  AdminQueue(Controller controller, ConnectedQueue queue) {
    this.controller = controller;
    this.queue = queue;
    this.features = controller.features();
    this.logPages = new LogPages(controller);
  }

  @Override
  public void begin(NvmeCommand command) {
    command.reset(this);
    long sqe = command.sqe();
    int opcode = command.opcode();
    if (opcode == Opcode.FABRICS) return; // they have no PSDT
    if (!controller.isReady()) {
      Transfers.refuse(command, NvmeStatus.COMMAND_SEQUENCE_ERROR);
      return;
    }
    switch (opcode) {
      case Opcode.IDENTIFY -> Transfers.out(command, Cns.LENGTH_BYTES);
      case Opcode.GET_LOG_PAGE -> beginLogPage(command, sqe);
      case Opcode.GET_FEATURES -> beginFeatures(command, sqe, false);
      case Opcode.SET_FEATURES -> beginFeatures(command, sqe, true);
      case Opcode.ABORT, Opcode.ASYNC_EVENT_REQUEST, Opcode.KEEP_ALIVE -> {}
      case Opcode.CREATE_SNAPSHOT -> beginSnapshot(command, sqe);
      case Opcode.GET_LBA_STATUS -> controller.lbaStatus().begin(command);
      default -> {
        Transfers.refuse(command, NvmeStatus.INVALID_OPCODE);
        return;
      }
    }
    if ((Memory.getU8(sqe + Sqe.FLAGS) & Sqe.PSDT_MASK) != Sqe.PSDT_SGL) {
      Transfers.refuse(command, NvmeStatus.INVALID_FIELD);
    }
  }

  private void beginSnapshot(NvmeCommand command, long sqe) {
    long bytes = SglDescriptor.lengthBytes(sqe);
    boolean served = controller.home().snapshots().isPresent();
    if (served && bytes > 0 && bytes <= SnapshotParameters.MAX_BYTES) Transfers.in(command, bytes);
    else Transfers.refuse(command, NvmeStatus.INVALID_OPCODE);
  }

  private void beginLogPage(NvmeCommand command, long sqe) {
    long bytes = LogPages.lengthBytes(sqe);
    if (bytes > controller.limits().maxIoBytes()) {
      Transfers.refuse(command, NvmeStatus.INVALID_FIELD);
    } else {
      Transfers.out(command, bytes);
    }
  }

  private void beginFeatures(NvmeCommand command, long sqe, boolean set) {
    int bytes =
        switch (Memory.getU8(sqe + Sqe.CDW10)) {
          case Feature.HOST_ID -> set ? 0 : HOST_ID_BYTES;
          case Feature.HOST_BEHAVIOR -> HOST_BEHAVIOR_BYTES;
          default -> 0;
        };
    if (bytes == 0 || (!set && !Features.asksForValue(sqe))) return;
    if (set) Transfers.in(command, bytes);
    else Transfers.out(command, bytes);
  }

  @Override
  public void execute(NvmeCommand command) {
    if (queue.isGone()) {
      command.finish(0, NvmeStatus.ABORTED_SQ_DELETION);
      return;
    }
    if (command.status() != 0) {
      fail(command, command.status());
      return;
    }
    controller.heard();
    switch (command.opcode()) {
      case Opcode.FABRICS -> fabrics(command);
      case Opcode.IDENTIFY -> identify(command);
      case Opcode.GET_LOG_PAGE -> finish(command, 0, logPages.read(command));
      case Opcode.GET_FEATURES -> finish(command, features.get(command), features.status());
      case Opcode.SET_FEATURES -> setFeature(command);
      case Opcode.ABORT -> abort(command);
      case Opcode.ASYNC_EVENT_REQUEST -> controller.events().request(command);
      case Opcode.KEEP_ALIVE ->
          finish(
              command,
              0,
              controller.keepAliveMs() == 0
                  ? NvmeStatus.INVALID_FIELD | NvmeStatus.DO_NOT_RETRY
                  : NvmeStatus.SUCCESS);
      case Opcode.CREATE_SNAPSHOT -> createSnapshot(command);
      case Opcode.GET_LBA_STATUS -> {
        int refusal = controller.lbaStatus().execute(command);
        if (refusal != 0) fail(command, refusal);
      }
      default -> throw Check.bug("admin command %x was let through", command.opcode());
    }
  }

  private void setFeature(NvmeCommand command) {
    long result = features.set(command);
    boolean isLater =
        features.status() == NvmeStatus.SUCCESS && Features.isReservationPersistence(command.sqe());
    if (!isLater) {
      finish(command, result, features.status());
      return;
    }
    boolean keeps = (Memory.getInt(command.sqe() + Sqe.CDW11) & 1) != 0;
    controller
        .home()
        .keepReservations(
            keeps,
            controller.hostId(),
            status -> queue.reactor().execute(() -> finish(command, 0, status)));
  }

  /** Takes its time, and goes on when the host has left: nobody could say any more whether it was done. */
  private void createSnapshot(NvmeCommand command) {
    byte[] data = new byte[command.transferBytes()];
    Memory.copy(command.dataAddress(), data, 0, data.length);
    var spec = SnapshotParameters.decode(data);
    var snapshots = controller.home().snapshots();
    if (spec.isEmpty() || snapshots.isEmpty()) {
      fail(command, NvmeStatus.INVALID_OPCODE | NvmeStatus.DO_NOT_RETRY);
      return;
    }
    controller.home().runBlocking(() -> take(snapshots.get(), spec.get(), command));
  }

  private void take(Snapshots snapshots, SnapshotSpec spec, NvmeCommand command) {
    try {
      snapshots.take(spec);
      queue.reactor().execute(() -> command.finish(0, NvmeStatus.SUCCESS));
    } catch (DeviceException e) {
      log.warn("{}: {}", controller.home().nqn(), e.getMessage());
      notTaken(command, e.kind().errno());
    } catch (RuntimeException bug) {
      log.error("{}: snapshot {} failed by a bug", controller.home().nqn(), spec.name(), bug);
      notTaken(command, Errno.EIO);
    }
  }

  private void notTaken(NvmeCommand command, int errno) {
    int status = NvmeStatus.INTERNAL_ERROR | NvmeStatus.DO_NOT_RETRY;
    queue
        .reactor()
        .execute(
            () -> {
              controller.errors().add(0, command.commandId(), status, 0, 0);
              command.finish(errno, status);
            });
  }

  private void abort(NvmeCommand command) {
    int queueId = Memory.getU16(command.sqe() + Sqe.CDW10);
    int commandId = Memory.getU16(command.sqe() + Sqe.CDW10 + Short.BYTES);
    if (queueId == 0) {
      answer(command, controller.events().abort(commandId));
    } else if (aborting == IdentifyController.MAX_ABORTS) {
      fail(command, NvmeStatus.ABORT_LIMIT | NvmeStatus.DO_NOT_RETRY);
    } else {
      aborting++;
      controller.abort(
          queueId,
          commandId,
          aborted -> {
            aborting--;
            answer(command, aborted);
          });
    }
  }

  private static void answer(NvmeCommand abort, boolean aborted) {
    abort.finish(aborted ? 0 : 1, NvmeStatus.SUCCESS);
  }

  private void fabrics(NvmeCommand command) {
    long sqe = command.sqe();
    int offset = Memory.getInt(sqe + Property.OFST);
    boolean wide = (Memory.getU8(sqe + Property.ATTRIB) & 7) == Property.EIGHT_BYTES;
    switch (Memory.getU8(sqe + Opcode.FABRICS_TYPE_OFFSET)) {
      case Opcode.PROPERTY_GET -> {
        boolean isWide = offset == Property.CAP;
        boolean known =
            isWide || offset == Property.VS || offset == Property.CC || offset == Property.CSTS;
        if (wide != isWide && known) {
          fail(command, NvmeStatus.INVALID_FIELD | NvmeStatus.DO_NOT_RETRY);
        } else {
          command.finish(controller.property(offset), NvmeStatus.SUCCESS);
        }
      }
      case Opcode.PROPERTY_SET -> {
        if (wide || offset != Property.CC) {
          fail(command, NvmeStatus.INVALID_FIELD | NvmeStatus.DO_NOT_RETRY);
        } else {
          controller.configure(Memory.getInt(sqe + Property.VALUE));
          command.finish(0, NvmeStatus.SUCCESS);
        }
      }
      case Opcode.CONNECT ->
          fail(command, NvmeStatus.COMMAND_SEQUENCE_ERROR | NvmeStatus.DO_NOT_RETRY);
      case Opcode.DISCONNECT ->
          fail(command, NvmeStatus.INVALID_QUEUE_TYPE | NvmeStatus.DO_NOT_RETRY);
      default -> fail(command, NvmeStatus.INVALID_OPCODE | NvmeStatus.DO_NOT_RETRY);
    }
  }

  private void identify(NvmeCommand command) {
    long sqe = command.sqe();
    long address = command.dataAddress();
    Memory.zero(address, Cns.LENGTH_BYTES);
    finish(
        command,
        0,
        Identify.answer(
            controller, Memory.getU8(sqe + Sqe.CDW10), Memory.getU32(sqe + Sqe.NSID), address));
  }

  private void finish(NvmeCommand command, long result, int status) {
    if (status == NvmeStatus.SUCCESS) command.finish(result, status);
    else fail(command, status);
  }

  private void fail(NvmeCommand command, int status) {
    boolean named = command.opcode() != Opcode.FABRICS;
    long nsid = named ? Memory.getU32(command.sqe() + Sqe.NSID) : 0;
    controller.errors().add(0, command.commandId(), status, 0, nsid);
    command.finish(0, status);
  }

  @Override
  public void completed(NvmeCommand command, IoStatus status) {
    throw Check.bug("I/O on an admin queue: %s", command);
  }

  @Override
  public void end(NvmeCommand command) {
    // nothing is kept for it
  }

  @Override
  public boolean consumesInline() {
    return false;
  }

  @Override
  public int queueId() {
    return 0;
  }

  @Override
  public String nqn() {
    return controller.home().nqn();
  }

  @Override
  public void disconnected(String reason) {
    controller.adminGone(reason);
  }

  @Override
  public int restingCommands() {
    return controller.events().requests();
  }

  @Override
  public void recall(Consumer<NvmeCommand> resting) {
    controller.events().recall(resting);
  }
}
