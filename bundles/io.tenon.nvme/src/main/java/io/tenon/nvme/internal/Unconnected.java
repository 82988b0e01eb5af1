package io.tenon.nvme.internal;

import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.Memory;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.DiscoveryLog;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection before Connect: takes nothing else. Base 2.0c §6.3. */
final class Unconnected implements Role, NvmeCommand.DeviceAnswer {
  private static final Logger log = LoggerFactory.getLogger(Unconnected.class);

  private final Target target;
  private final ConnectedQueue queue;

  /** A Connect for an I/O queue is on its way to its controller. */
  private boolean connecting;

  Unconnected(Target target, ConnectedQueue queue) {
    this.target = target;
    this.queue = queue;
  }

  @Override
  public void begin(NvmeCommand command) {
    command.reset(this);
    boolean isConnect =
        command.opcode() == Opcode.FABRICS
            && Memory.getU8(command.sqe() + Opcode.FABRICS_TYPE_OFFSET) == Opcode.CONNECT;
    if (!isConnect || connecting) {
      Transfers.refuse(command, NvmeStatus.COMMAND_SEQUENCE_ERROR);
    } else {
      Transfers.in(command, ConnectData.LENGTH_BYTES);
    }
  }

  @Override
  public void execute(NvmeCommand command) {
    if (command.status() != 0) {
      command.finish(0, command.status());
      return;
    }
    long sqe = command.sqe();
    var data = ConnectData.read(command.dataAddress());
    if (Memory.getU16(sqe + ConnectData.RECFMT) != 0) {
      refuse(command, data, NvmeStatus.CONNECT_INCOMPATIBLE_FORMAT, 0, "unknown record format");
    } else if (Memory.getU16(sqe + ConnectData.QID) == 0) {
      connectAdmin(command, data);
    } else {
      connectIo(command, data);
    }
  }

  private void connectAdmin(NvmeCommand command, ConnectData data) {
    long sqe = command.sqe();
    int entries = Memory.getU16(sqe + ConnectData.SQSIZE) + 1;
    long keepAliveMs = Memory.getU32(sqe + ConnectData.KATO);
    if (entries < 2 || entries > queue.transport().limits().adminQueueDepth()) {
      refuseField(command, data, ConnectData.SQSIZE, "admin queue of " + entries + " entries");
      return;
    }
    if (data.controllerId() != ConnectData.DYNAMIC_CONTROLLER) {
      refuseData(command, data, ConnectData.CNTLID, "static controller id");
      return;
    }
    // Some hosts give no name; they get in where any host may.
    if (!data.hostNqn().isEmpty() && !isNqn(data.hostNqn())) {
      refuseData(command, data, ConnectData.HOSTNQN, "no host NQN");
      return;
    }
    ControllerHome home;
    if (data.subsystemNqn().equals(DiscoveryLog.NQN)) {
      home = target.discovery();
    } else {
      var found = target.served(data.subsystemNqn());
      if (found.isEmpty()) {
        refuseData(command, data, ConnectData.SUBNQN, "no such subsystem");
        return;
      }
      home = found.get();
    }
    if (!home.admits(data.hostNqn())) {
      refuse(command, data, NvmeStatus.CONNECT_INVALID_HOST, 0, "host is not allowed");
      return;
    }
    if (home.hasLateIo(data.hostNqn(), data.hostId())) {
      String why = "the device has I/O of a connection that this host had before";
      refuse(command, data, NvmeStatus.CONNECT_CONTROLLER_BUSY, 0, why);
      return;
    }
    var controller = Controller.open(home, queue, data, keepAliveMs);
    if (controller.isEmpty()) {
      refuse(command, data, NvmeStatus.CONNECT_CONTROLLER_BUSY, 0, "no controller id is free");
      return;
    }
    queue.become(new AdminQueue(controller.get(), queue), entries);
    command.finish(controller.get().id(), NvmeStatus.SUCCESS);
  }

  private void connectIo(NvmeCommand command, ConnectData data) {
    long sqe = command.sqe();
    int entries = Memory.getU16(sqe + ConnectData.SQSIZE) + 1;
    int id = Memory.getU16(sqe + ConnectData.QID);
    var limits = queue.transport().limits();
    if (entries < 2 || entries > limits.maxQueueDepth()) {
      refuseField(command, data, ConnectData.SQSIZE, "I/O queue of " + entries + " entries");
      return;
    }
    if (id >= limits.maxQueues()) {
      refuseField(command, data, ConnectData.QID, "queue id " + id);
      return;
    }
    var subsystem = target.served(data.subsystemNqn());
    if (subsystem.isEmpty()) {
      refuseData(command, data, ConnectData.SUBNQN, "no such subsystem");
      return;
    }
    var controller = subsystem.get().controller(data.controllerId());
    if (controller.isEmpty()) {
      refuseData(command, data, ConnectData.CNTLID, "no controller " + data.controllerId());
      return;
    }
    connecting = true;
    var owner = controller.get();
    owner.reactor().execute(() -> attach(owner, subsystem.get(), command, data, id, entries));
  }

  /** On the controller's reactor; the answer goes back to ours. */
  private void attach(
      Controller controller,
      ServedSubsystem subsystem,
      NvmeCommand command,
      ConnectData data,
      int id,
      int entries) {
    int refusal = controller.attach(id, queue, data);
    queue
        .reactor()
        .execute(
            () -> {
              connecting = false;
              if (refusal != NvmeStatus.SUCCESS) {
                refuse(command, data, refusal, ConnectData.QID, "refused by its controller");
                return;
              }
              if (queue.isGone()) {
                controller.reactor().execute(() -> controller.detached(id));
                command.finish(0, NvmeStatus.INTERNAL_ERROR);
                return;
              }
              queue.become(new IoQueue(controller, subsystem, queue, id), entries);
              command.finish(controller.id(), NvmeStatus.SUCCESS);
            });
  }

  private static boolean isNqn(String text) {
    return text.startsWith("nqn.") && text.length() <= ConnectData.MAX_NQN_BYTES;
  }

  private void refuseField(NvmeCommand command, ConnectData data, int offset, String why) {
    refuse(command, data, NvmeStatus.CONNECT_INVALID_PARAMETERS, offset, why);
  }

  /** IATTR: the offset is into the data. */
  private void refuseData(NvmeCommand command, ConnectData data, int offset, String why) {
    refuse(command, data, NvmeStatus.CONNECT_INVALID_PARAMETERS, offset | 1 << 16, why);
  }

  private void refuse(
      NvmeCommand command, ConnectData data, int status, long parameter, String why) {
    log.info(
        "Connect of host {} at {} to {} was refused: {}",
        data.hostNqn(),
        queue.transport().peer(),
        data.subsystemNqn(),
        why);
    boolean lasts = NvmeStatus.code(status) != NvmeStatus.CONNECT_CONTROLLER_BUSY;
    command.finish(parameter, status | (lasts ? NvmeStatus.DO_NOT_RETRY : 0));
  }

  @Override
  public void completed(NvmeCommand command, IoStatus status) {
    throw Check.bug("I/O on a queue that is not connected: %s", command);
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
    return -1;
  }

  @Override
  public String nqn() {
    return "";
  }

  @Override
  public void disconnected(String reason) {
    // nobody knows of it yet
  }
}
