package io.tenon.nvme.internal;

import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.internal.reservation.ReservationRules;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * An I/O queue: NVM Command Set 1.0c §3. A command is checked in {@link #begin}, goes to the device in {@link #execute}, and
 * is answered in {@link #completed}; a read or write touches nothing else and allocates nothing. Its reactor only.
 */
final class IoQueue implements Role, NvmeCommand.DeviceAnswer {
  static final int NAMESPACE = 1;
  static final long ALL_NAMESPACES = 0xFFFF_FFFFL;

  /** In dword 12 of writes: FUA. */
  private static final int FORCE_UNIT_ACCESS = 1 << 30;

  private final Controller controller;
  private final ServedSubsystem subsystem;
  private final ConnectedQueue queue;
  private final int id;
  private final IoChannel channel;
  private final int maxIoBytes;
  private final IoCounts counts = new IoCounts();
  private final ArrayDeque<NvmeCommand> parked = new ArrayDeque<>();
  private final List<CompletableFuture<Void>> drained = new ArrayList<>();
  private final FusedCommands fused;
  private final ReservationRequests reservations;
  private final DatasetManagement datasets;
  private final Fences fences = new Fences();

  private int blockShift;
  private long blockCount;
  private boolean accessible;
  private boolean paused;

  /** The host has switched the volatile cache off. */
  private boolean writesThrough;

  /** Commands between begin and end. */
  private int open;

  /** I/Os that the device has. */
  private int inFlight;

  /** Groups of commands that reservations forbid this host: {@link ReservationRules#forbidden}. */
  private int forbidden;

  /** The connection has ended; written by the reactor only. */
  private volatile boolean gone;

  private boolean closed;

  IoQueue(Controller controller, ServedSubsystem subsystem, ConnectedQueue queue, int id) {
    this.controller = controller;
    this.subsystem = subsystem;
    this.queue = queue;
    this.id = id;
    this.channel = subsystem.device().channel(queue.reactor());
    this.maxIoBytes = queue.transport().limits().maxIoBytes();
    this.fused = new FusedCommands(this, queue.reactor().buffers());
    this.datasets = new DatasetManagement(this, subsystem.device());
    this.reservations =
        new ReservationRequests(
            this, subsystem.namespaceReservations(), controller.hostId(), maxIoBytes);
    open++; // the Connect command, which ends here
    subsystem.entered(this);
    paused = subsystem.isPaused();
    forbidden = subsystem.namespaceReservations().forbidden(controller.hostId());
    geometry(subsystem.device().geometry());
    accessible = subsystem.anaState() != AnaState.INACCESSIBLE;
    writesThrough = controller.features().writesThrough();
    controller.reactor().execute(() -> controller.serves(id, this));
  }

  /** Any thread: {@code task} runs on this queue's reactor. */
  void tell(Runnable task) {
    queue.reactor().execute(task);
  }

  void geometry(Geometry now) {
    blockShift = now.blockShift();
    blockCount = now.blockCount();
  }

  void accessible(boolean is) {
    accessible = is;
  }

  void writesThrough(boolean now) {
    writesThrough = now;
  }

  UUID hostId() {
    return controller.hostId();
  }

  /** Any thread. */
  boolean isOf(String hostNqn, UUID hostId) {
    return controller.hostId().equals(hostId) && controller.hostNqn().equals(hostNqn);
  }

  /** The host has ended the connection, or lost it, and the device has I/O that came by it. Any thread. */
  boolean isLate() {
    return gone;
  }

  IoCounts counts() {
    return counts;
  }

  // Begin: decode and check.

  @Override
  public void begin(NvmeCommand command) {
    command.reset(this);
    open++;
    long sqe = command.sqe();
    int flags = Memory.getU8(sqe + Sqe.FLAGS);
    if (flags != Sqe.PSDT_SGL || fused.awaitsSecond()) beginUncommon(command, flags);
    if (command.status() == 0) check(command, sqe);
  }

  /** Fused, or without SGLs, which is wrong for any command that we know but those of fabrics, which have no such field. */
  private void beginUncommon(NvmeCommand command, int flags) {
    if ((flags & Sqe.FUSE_MASK) != 0 || fused.awaitsSecond()) fused.begin(command);
    if (command.status() != 0 || (flags & Sqe.PSDT_MASK) == Sqe.PSDT_SGL) return;
    switch (command.opcode()) {
      case Opcode.READ,
          Opcode.WRITE,
          Opcode.COMPARE,
          Opcode.FLUSH,
          Opcode.WRITE_ZEROES,
          Opcode.DATASET_MANAGEMENT,
          Opcode.RESERVATION_REGISTER,
          Opcode.RESERVATION_REPORT,
          Opcode.RESERVATION_ACQUIRE,
          Opcode.RESERVATION_RELEASE ->
          Transfers.refuse(command, NvmeStatus.INVALID_FIELD);
      default -> {} // check knows
    }
  }

  private void check(NvmeCommand command, long sqe) {
    switch (command.opcode()) {
      case Opcode.READ -> {
        if (isActive(command, sqe) && inRange(command, sqe) && fits(command, sqe)) {
          Transfers.out(command, dataBytes(sqe));
          if (channel.lendsMemory()) command.offerLending();
        }
      }
      case Opcode.WRITE, Opcode.COMPARE -> {
        if (isActive(command, sqe) && inRange(command, sqe) && fits(command, sqe)) {
          Transfers.in(command, dataBytes(sqe));
        }
      }
      case Opcode.FLUSH -> {
        if (Memory.getU32(sqe + Sqe.NSID) != ALL_NAMESPACES) isActive(command, sqe);
      }
      case Opcode.WRITE_ZEROES -> {
        if (isActive(command, sqe)) inRange(command, sqe);
      }
      case Opcode.DATASET_MANAGEMENT -> {
        if (isActive(command, sqe)) Transfers.in(command, DatasetManagement.dataBytes(sqe));
      }
      case Opcode.RESERVATION_REGISTER,
          Opcode.RESERVATION_REPORT,
          Opcode.RESERVATION_ACQUIRE,
          Opcode.RESERVATION_RELEASE -> {
        if (isActive(command, sqe)) reservations.begin(command);
      }
      case Opcode.FABRICS -> checkFabrics(command, sqe);
      default -> Transfers.refuse(command, NvmeStatus.INVALID_OPCODE);
    }
  }

  private static void checkFabrics(NvmeCommand command, long sqe) {
    switch (Memory.getU8(sqe + Opcode.FABRICS_TYPE_OFFSET)) {
      case Opcode.DISCONNECT -> {
        if (Memory.getU16(sqe + ConnectData.RECFMT) != 0) {
          Transfers.refuse(command, NvmeStatus.CONNECT_INCOMPATIBLE_FORMAT);
        }
      }
      case Opcode.CONNECT -> Transfers.refuse(command, NvmeStatus.COMMAND_SEQUENCE_ERROR);
      default -> Transfers.refuse(command, NvmeStatus.INVALID_OPCODE);
    }
  }

  private static boolean isActive(NvmeCommand command, long sqe) {
    if (Memory.getInt(sqe + Sqe.NSID) == NAMESPACE) return true;
    Transfers.refuse(command, NvmeStatus.INVALID_NAMESPACE);
    return false;
  }

  static long lba(long sqe) {
    return Memory.getLong(sqe + Sqe.CDW10);
  }

  /** NLB counts from 0. */
  static int blocks(long sqe) {
    return Memory.getU16(sqe + Sqe.CDW12) + 1;
  }

  private long dataBytes(long sqe) {
    return (long) blocks(sqe) << blockShift;
  }

  private boolean inRange(NvmeCommand command, long sqe) {
    long lba = lba(sqe);
    if (lba >= 0 && lba <= blockCount - blocks(sqe)) return true;
    Transfers.refuse(command, NvmeStatus.LBA_OUT_OF_RANGE);
    return false;
  }

  private boolean fits(NvmeCommand command, long sqe) {
    if (dataBytes(sqe) <= maxIoBytes) return true;
    Transfers.refuse(command, NvmeStatus.INVALID_FIELD);
    return false;
  }

  // Execute: to the device.

  @Override
  public void execute(NvmeCommand command) {
    if (command.status() != 0) {
      fail(command, command.status());
    } else if (gone || paused || !accessible || forbidden != 0) {
      hold(command);
    } else {
      start(command);
    }
  }

  private void hold(NvmeCommand command) {
    if (command.opcode() == Opcode.FABRICS && !gone) start(command);
    else if (paused && !gone) parked.add(command);
    else startUnlessRefused(command);
  }

  private void startUnlessRefused(NvmeCommand command) {
    int refusal = refusal(group(command.opcode()));
    if (refusal == 0) start(command);
    else command.finish(0, refusal);
  }

  /**
   * Why nothing of these groups may go to the device, but for a pause.
   *
   * @param groups {@link ReservationRules#READS} and {@link ReservationRules#WRITES}
   * @return 0 when it may
   */
  int refusal(int groups) {
    if (gone) return NvmeStatus.ABORTED_SQ_DELETION;
    if (!accessible) return NvmeStatus.ANA_INACCESSIBLE;
    return isForbidden(groups) ? NvmeStatus.RESERVATION_CONFLICT | NvmeStatus.DO_NOT_RETRY : 0;
  }

  /** By reservations: one of these groups of commands. */
  boolean isForbidden(int groups) {
    return (forbidden & groups) != 0;
  }

  private static int group(int opcode) {
    return switch (opcode) {
      case Opcode.READ, Opcode.COMPARE -> ReservationRules.READS;
      case Opcode.WRITE, Opcode.WRITE_ZEROES, Opcode.DATASET_MANAGEMENT, Opcode.FLUSH ->
          ReservationRules.WRITES;
      default -> 0;
    };
  }

  long blockCount() {
    return blockCount;
  }

  boolean isPaused() {
    return paused;
  }

  private void start(NvmeCommand command) {
    long sqe = command.sqe();
    long lba = lba(sqe);
    int blocks = blocks(sqe);
    long data = command.dataAddress();
    int bytes = command.transferBytes();
    switch (command.opcode()) {
      case Opcode.READ -> {
        if (data != 0) command.prepareRead(lba, blocks, data, bytes);
        else command.prepareLentRead(lba, blocks, bytes);
        submit(command);
      }
      case Opcode.WRITE -> {
        if (isFused(sqe)) {
          fused.execute(command);
        } else {
          command.prepareWrite(lba, blocks, data, bytes);
          submit(command);
        }
      }
      case Opcode.COMPARE -> {
        if (isFused(sqe)) {
          fused.execute(command);
        } else {
          command.prepareCompare(lba, blocks, data, bytes);
          submit(command);
        }
      }
      case Opcode.FLUSH -> {
        command.prepareFlush();
        submit(command);
      }
      case Opcode.WRITE_ZEROES -> {
        command.prepareWriteZeroes(lba, blocks);
        submit(command);
      }
      case Opcode.RESERVATION_REGISTER,
          Opcode.RESERVATION_REPORT,
          Opcode.RESERVATION_ACQUIRE,
          Opcode.RESERVATION_RELEASE ->
          reservations.execute(command);
      case Opcode.FABRICS -> leave(command);
      default -> datasets.execute(command);
    }
  }

  /** Disconnect: the response is the last that the host gets by this queue. */
  private void leave(NvmeCommand command) {
    command.finish(0, NvmeStatus.SUCCESS);
    queue.disconnect("its host has left");
  }

  private static boolean isFused(long sqe) {
    return (Memory.getU8(sqe + Sqe.FLAGS) & Sqe.FUSE_MASK) != 0;
  }

  void submit(NvmeCommand command) {
    inFlight++;
    command.round(fences.round());
    channel.submit(command);
  }

  // Completed: to the host.

  @Override
  public void completed(NvmeCommand command, IoStatus status) {
    inFlight--;
    if (!fences.isEmpty()) fences.ended(command.round(), this::tell);
    if (status != IoStatus.SUCCESS) {
      if (isFused(command.sqe())) fused.completed(command, status);
      else fail(command, hostStatus(status));
    } else if (command.opcode() == Opcode.READ) {
      counts.reads++;
      counts.blocksRead += command.blocks();
      command.finish(0, NvmeStatus.SUCCESS);
    } else if (command.operation() == IoOperation.WRITE) {
      counts.writes++;
      counts.blocksWritten += command.blocks();
      if (isForced(command)) flush(command);
      else command.finish(0, NvmeStatus.SUCCESS);
    } else {
      completedUncommon(command);
    }
    if (inFlight == 0 && paused) tellDrained();
  }

  private void completedUncommon(NvmeCommand command) {
    if (isFused(command.sqe())) {
      fused.completed(command, IoStatus.SUCCESS);
    } else if (command.opcode() == Opcode.DATASET_MANAGEMENT) {
      datasets.next(command);
    } else if (command.operation() == IoOperation.WRITE_ZEROES && isForced(command)) {
      flush(command);
    } else {
      command.finish(0, NvmeStatus.SUCCESS);
    }
  }

  /** A write that is answered when it is durable. */
  boolean isForced(NvmeCommand write) {
    return writesThrough || (Memory.getInt(write.sqe() + Sqe.CDW12) & FORCE_UNIT_ACCESS) != 0;
  }

  /** Makes a write durable that the device has; its completion comes once more. */
  void flush(NvmeCommand write) {
    write.prepareFlush();
    submit(write);
  }

  int hostStatus(IoStatus status) {
    return subsystem.hostStatus(status, controller.features().honoursRetryDelays());
  }

  void fail(NvmeCommand command, int status) {
    int commandId = command.commandId();
    long lba = lba(command.sqe());
    controller
        .reactor()
        .execute(() -> controller.errors().add(id, commandId, status, lba, NAMESPACE));
    command.finish(0, status);
  }

  // Pause and resume.

  void pause(CompletableFuture<Void> whenDrained) {
    paused = true;
    if (inFlight == 0) whenDrained.complete(null);
    else drained.add(whenDrained);
  }

  private void tellDrained() {
    for (var waiter : drained) waiter.complete(null);
    drained.clear();
  }

  void resume() {
    paused = false;
    for (int left = parked.size(); left > 0; left--) execute(parked.remove());
    if (!fused.isIdle()) fused.resume();
  }

  // Reservations.

  /**
   * The namespace's reservations have changed.
   *
   * @param abort what waits here for the end of a pause ends, as its host was preempted
   * @param known completed when nothing is with the device that came before this and would be forbidden now
   */
  void reservationChanged(boolean abort, CompletableFuture<Void> known) {
    int before = forbidden;
    forbidden = subsystem.namespaceReservations().forbidden(controller.hostId());
    if (abort) abortParked();
    boolean loses = (forbidden & ~before) != 0 || abort;
    if (loses) fences.raise(inFlight, known);
    else known.complete(null);
  }

  private void abortParked() {
    for (int left = parked.size(); left > 0; left--) {
      var command = parked.remove();
      if (isFused(command.sqe()) || ReservationRequests.isOne(command.opcode())) {
        parked.add(command);
      } else {
        fail(command, NvmeStatus.ABORTED_BY_PREEMPT | NvmeStatus.DO_NOT_RETRY);
      }
    }
  }

  /** Ends a command that waits for the end of a pause; what the device has cannot be called back. */
  boolean abort(int commandId) {
    for (var waiting = parked.iterator(); waiting.hasNext(); ) {
      var command = waiting.next();
      if (command.commandId() != commandId || isFused(command.sqe())) continue;
      waiting.remove();
      fail(command, NvmeStatus.ABORT_REQUESTED);
      return true;
    }
    return false;
  }

  // The end.

  @Override
  public void end(NvmeCommand command) {
    if (!fused.isIdle()) fused.end(command);
    open--;
    closeIfIdle();
  }

  @Override
  public String nqn() {
    return subsystem.nqn();
  }

  @Override
  public void disconnected(String reason) {
    gone = true;
    while (!parked.isEmpty()) parked.remove().finish(0, NvmeStatus.ABORTED_SQ_DELETION);
    fused.abandon();
    closeIfIdle();
  }

  private void closeIfIdle() {
    if (!gone || open > 0 || closed) return;
    closed = true;
    channel.close();
    tellDrained();
    subsystem.left(this);
    controller.reactor().execute(() -> controller.detached(id));
  }

  @Override
  public boolean consumesInline() {
    return !paused && channel.consumesInline();
  }

  @Override
  public int queueId() {
    return id;
  }

  @Override
  public boolean awaitsCapsule() {
    return fused.awaitsSecond();
  }
}
