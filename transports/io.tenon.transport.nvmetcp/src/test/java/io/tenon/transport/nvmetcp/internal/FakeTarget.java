package io.tenon.transport.nvmetcp.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.QueueTransport;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.SubsystemHandover;
import io.tenon.nvme.TransportHandover;
import io.tenon.reactor.Reactor;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Just enough of a target to test a transport: one namespace, any NQN. Stricter than the real model about the order of
 * calls, and counts what was begun and not ended.
 */
public final class FakeTarget implements NvmeTarget {
  private static final int FABRICS = 0x7F;
  private static final int ADMIN_KEEP_ALIVE = 0x18;

  private final BlockDevice device;
  private boolean lends = true;
  private boolean inline = true;

  // Of all queues; one reactor.
  private int open;
  private int queues;
  private Optional<TransportHandover> left = Optional.empty();
  private final List<String> ends = new java.util.concurrent.CopyOnWriteArrayList<>();

  public FakeTarget(BlockDevice device) {
    this.device = device;
  }

  /** As a device whose channel does not lend its memory and does not consume inline. */
  public FakeTarget withoutShortCuts() {
    lends = false;
    inline = false;
    return this;
  }

  /** Commands begun and not ended. */
  public int openCommands() {
    return open;
  }

  /** Connections that were not told to be over. */
  public int queues() {
    return queues;
  }

  /** Why connections have ended. */
  public List<String> ends() {
    return ends;
  }

  @Override
  public NvmeQueue accept(QueueTransport connection, Reactor reactor) {
    queues++;
    return new Queue(connection, device.channel(reactor));
  }

  private final class Queue implements NvmeQueue {
    private QueueTransport connection;
    private final IoChannel channel;
    private final NvmeCommand.DeviceAnswer answer = this::answered;
    private int depth = 1;
    private int id = -1;
    private int cc;
    private boolean gone;
    private NvmeCommand held;

    Queue(QueueTransport connection, IoChannel channel) {
      this.connection = connection;
      this.channel = channel;
    }

    @Override
    public void begin(NvmeCommand command) {
      Check.that(!gone, "begun on a connection that is gone");
      open++;
      command.reset(answer);
      long sqe = command.sqe();
      int opcode = command.opcode();
      int direction = opcode == FABRICS ? Memory.getU8(sqe + 4) & 3 : opcode & 3;
      int length = Memory.getInt(sqe + Sqe.SGL + 8);
      int descriptor = Memory.getU8(sqe + Sqe.SGL + 15);
      if (length < 0 || length > connection.limits().maxIoBytes()) return;
      if (direction == 1 && descriptor == 0x01) {
        command.expectInCapsule(length, Memory.getLong(sqe + Sqe.SGL));
      } else if (direction == 1 && length > 0) {
        command.expect(NvmeCommand.Transfer.IN, length);
      } else if (direction == 2 && length > 0) {
        command.expect(NvmeCommand.Transfer.OUT, length);
        if (id > 0 && opcode == 2 && lends && channel.lendsMemory()) command.offerLending();
      }
    }

    @Override
    public void execute(NvmeCommand command) {
      if (command.transfer() == NvmeCommand.Transfer.IN) {
        Check.that(command.dataAddress() != 0, "a write without data");
      }
      if (command.opcode() == FABRICS) fabrics(command);
      else if (id == 0) admin(command);
      else if (id > 0) io(command);
      else command.finish(0, NvmeStatus.COMMAND_SEQUENCE_ERROR);
    }

    private void fabrics(NvmeCommand command) {
      long sqe = command.sqe();
      switch (Memory.getU8(sqe + 4)) {
        case 0x01 -> {
          int entries = Memory.getU16(sqe + 44) + 1;
          int most =
              Memory.getU16(sqe + 42) == 0
                  ? connection.limits().adminQueueDepth()
                  : connection.limits().maxQueueDepth();
          if (id >= 0 || entries < 2 || entries > most || command.transferBytes() != 1024) {
            command.finish(0, NvmeStatus.CONNECT_INVALID_PARAMETERS);
            return;
          }
          id = Memory.getU16(sqe + 42);
          depth = entries;
          connection.resize(depth);
          command.finish(1, NvmeStatus.SUCCESS);
        }
        case 0x00 -> {
          if (Memory.getInt(sqe + 44) == 0x14) cc = Memory.getInt(sqe + 48);
          command.finish(0, NvmeStatus.SUCCESS);
        }
        case 0x04 ->
            command.finish(
                switch (Memory.getInt(sqe + 44)) {
                  case 0x00 ->
                      1L << 37 | 20L << 24 | 1 << 16 | connection.limits().maxQueueDepth() - 1;
                  case 0x08 -> 0x00010400L;
                  case 0x14 -> cc;
                  case 0x1C -> (cc & 1) | ((cc & 0xC000) != 0 ? 8 : 0);
                  default -> 0;
                },
                NvmeStatus.SUCCESS);
        default -> command.finish(0, NvmeStatus.INVALID_OPCODE | NvmeStatus.DO_NOT_RETRY);
      }
    }

    private void admin(NvmeCommand command) {
      switch (command.opcode()) {
        case 0x06, 0x02 -> {
          if (command.transferBytes() != 4096) {
            command.finish(0, NvmeStatus.INVALID_FIELD);
            return;
          }
          Memory.zero(command.dataAddress(), command.transferBytes());
          if (command.opcode() == 0x06) identify(command, command.dataAddress());
          else command.finish(0, NvmeStatus.SUCCESS);
        }
        case 0x09 -> {
          long result =
              Memory.getU8(command.sqe() + Sqe.CDW10) == 7
                  ? Memory.getInt(command.sqe() + Sqe.CDW11)
                  : 0;
          command.finish(result, NvmeStatus.SUCCESS);
        }
        case 0x0C -> {
          if (held != null) held.finish(0, NvmeStatus.ASYNC_EVENT_LIMIT);
          held = command;
        }
        case ADMIN_KEEP_ALIVE -> command.finish(0, NvmeStatus.SUCCESS);
        default -> command.finish(0, NvmeStatus.INVALID_OPCODE | NvmeStatus.DO_NOT_RETRY);
      }
    }

    private void identify(NvmeCommand command, long to) {
      int shift = device.geometry().blockShift();
      switch (Memory.getU8(command.sqe() + Sqe.CDW10)) {
        case 0x00 -> {
          for (int at = 0; at < 24; at += 8) {
            Memory.putLong(to + at, device.geometry().blockCount());
          }
          Memory.putInt(to + 128, shift << 16);
          putUuid(to + 104);
        }
        case 0x01 -> {
          Memory.putByte(
              to + 77, Integer.numberOfTrailingZeros(connection.limits().maxIoBytes() / 4096));
          Memory.putShort(to + 78, 1);
          Memory.putInt(to + 80, 0x00010400);
          Memory.putShort(to + 320, 10);
          Memory.putByte(to + 111, 1);
          Memory.putShort(to + 512, 0x4466);
          Memory.putShort(to + 514, connection.limits().maxQueueDepth());
          Memory.putInt(to + 516, 1);
          Memory.putShort(to + 520, 0x0D);
          Memory.putShort(to + 522, 0x00);
          Memory.putInt(to + 536, 0x00100001);
          byte[] nqn = "nqn.fake".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
          Memory.copy(nqn, 0, to + 768, nqn.length);
          Memory.putInt(to + 1792, 4 + connection.limits().inCapsuleBytes() / 16);
          Memory.putInt(to + 1796, 1);
        }
        case 0x02 -> Memory.putInt(to, 1);
        case 0x03 -> {
          Memory.putShort(to, 2 | 16 << 8);
          putUuid(to + 4);
        }
        default -> {
          command.finish(0, NvmeStatus.INVALID_FIELD);
          return;
        }
      }
      command.finish(0, NvmeStatus.SUCCESS);
    }

    private void putUuid(long to) {
      UUID uuid = device.uuid();
      Memory.putLong(to, Long.reverseBytes(uuid.getMostSignificantBits()));
      Memory.putLong(to + 8, Long.reverseBytes(uuid.getLeastSignificantBits()));
    }

    private void io(NvmeCommand command) {
      long lba = Memory.getLong(command.sqe() + Sqe.CDW10);
      long blocks = Memory.getU16(command.sqe() + Sqe.CDW12) + 1L;
      int bytes = command.transferBytes();
      boolean transfers = command.opcode() == 1 || command.opcode() == 2 || command.opcode() == 5;
      if (transfers && blocks * device.geometry().blockBytes() != bytes) {
        command.finish(0, NvmeStatus.DATA_SGL_LENGTH_INVALID);
        return;
      }
      switch (command.opcode()) {
        case 0x00 -> command.prepareFlush();
        case 0x01 -> command.prepareWrite(lba, blocks, command.dataAddress(), bytes);
        case 0x02 -> {
          if (command.dataAddress() == 0) command.prepareLentRead(lba, blocks, bytes);
          else command.prepareRead(lba, blocks, command.dataAddress(), bytes);
        }
        case 0x05 -> command.prepareCompare(lba, blocks, command.dataAddress(), bytes);
        case 0x08 -> command.prepareWriteZeroes(lba, blocks);
        case 0x09 -> {
          if (bytes < 16) {
            command.finish(0, NvmeStatus.DATA_SGL_LENGTH_INVALID);
            return;
          }
          long range = command.dataAddress();
          command.prepareUnmap(Memory.getLong(range + 8), Memory.getU32(range + 4));
        }
        default -> {
          command.finish(0, NvmeStatus.INVALID_OPCODE | NvmeStatus.DO_NOT_RETRY);
          return;
        }
      }
      channel.submit(command);
    }

    private void answered(NvmeCommand command, IoStatus status) {
      command.finish(
          0,
          switch (status) {
            case SUCCESS -> NvmeStatus.SUCCESS;
            case OUT_OF_RANGE -> NvmeStatus.LBA_OUT_OF_RANGE | NvmeStatus.DO_NOT_RETRY;
            case MISCOMPARE -> NvmeStatus.COMPARE_FAILURE;
            default -> NvmeStatus.INTERNAL_ERROR;
          });
    }

    @Override
    public void end(NvmeCommand command) {
      Check.that(!command.isLent(), "ended while memory is lent");
      Check.that(open > 0, "ended more than begun");
      open--;
    }

    @Override
    public boolean consumesInline() {
      return inline && channel.consumesInline();
    }

    @Override
    public int depth() {
      return depth;
    }

    @Override
    public int queueId() {
      return id;
    }

    @Override
    public String nqn() {
      return id < 0 ? "" : "nqn.fake";
    }

    @Override
    public void disconnected(String reason) {
      Check.that(!gone, "told twice");
      gone = true;
      queues--;
      ends.add(reason);
      var waiting = held;
      held = null;
      if (waiting != null) waiting.finish(0, NvmeStatus.ABORTED_SQ_DELETION);
    }

    @Override
    public QueueTransport transport() {
      return connection;
    }

    @Override
    public void transport(QueueTransport successor) {
      connection = successor;
    }

    @Override
    public boolean awaitsCapsule() {
      return false;
    }

    @Override
    public int restingCommands() {
      return held == null ? 0 : 1;
    }

    @Override
    public void recall(Consumer<NvmeCommand> resting) {
      var waiting = held;
      held = null;
      if (waiting != null) resting.accept(waiting);
    }
  }

  @Override
  public void handOver(TransportHandover left) {
    this.left = Optional.of(left);
  }

  @Override
  public Optional<TransportHandover> takeOver(String uriScheme) {
    var taken = left;
    left = Optional.empty();
    return taken;
  }

  @Override
  public void handOver(SubsystemHandover part) {
    throw Check.bug("not here");
  }

  @Override
  public Optional<SubsystemHandover> takeOver(String uriScheme, String nqn) {
    return Optional.empty();
  }

  @Override
  public List<Handover> handovers() {
    return List.of();
  }

  @Override
  public Subsystem share(DeviceSlot slot, ShareOptions options) {
    throw Check.bug("not here");
  }

  @Override
  public void unshare(Subsystem subsystem) {
    throw Check.bug("not here");
  }

  @Override
  public boolean wasReserved(DeviceSlot device) {
    throw Check.bug("not here");
  }

  @Override
  public void forgetReservations(Path kept) {
    throw Check.bug("not here");
  }

  @Override
  public List<Subsystem> subsystems() {
    return List.of();
  }

  @Override
  public Optional<Subsystem> find(String nqn) {
    return Optional.empty();
  }

  @Override
  public List<String> shareUris(Subsystem subsystem) {
    return List.of();
  }
}
