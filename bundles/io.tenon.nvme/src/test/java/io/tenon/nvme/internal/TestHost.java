package io.tenon.nvme.internal;

import io.tenon.block.testing.TestReactors;
import io.tenon.error.Check;
import io.tenon.linux.Memory;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Property;
import io.tenon.nvme.QueueTransport;
import io.tenon.nvme.SglDescriptor;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.TransportLimits;
import io.tenon.nvme.TransportType;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongConsumer;

/** One connection of a host, without a network. A command that is answered twice is a {@link #wrong}. */
final class TestHost implements QueueTransport {
  static final TransportLimits LIMITS =
      new TransportLimits(TransportType.TCP, 128, 8, 131_072, 4096, 32);
  static final UUID HOST_ID = new UUID(1, 2);
  static final String HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:test";

  /** PSDT as hosts on fabrics set it. */
  static final int SGL = 0x40;

  private static final int LEAST_DATA_BYTES = 4096;

  /** Of all hosts: what a model must not do. */
  static final List<String> wrong = new CopyOnWriteArrayList<>();

  final CompletableFuture<String> disconnected = new CompletableFuture<>();
  private final Arena arena = Arena.ofShared();
  private final Reactor reactor;
  private final UUID hostId;
  private final NvmeQueue queue;
  private int nextId;

  TestHost(Target target, Reactor reactor) {
    this(target, reactor, HOST_ID);
  }

  TestHost(Target target, Reactor reactor, UUID hostId) {
    this.hostId = hostId;
    this.reactor = reactor;
    this.queue = TestReactors.on(reactor, () -> target.accept(this, reactor));
  }

  NvmeQueue queue() {
    return queue;
  }

  /** A command on its way. */
  final class Command extends NvmeCommand {
    final long data;
    final CompletableFuture<Command> answered = new CompletableFuture<>();

    Command(int dataBytes) {
      super(arena.allocate(Sqe.LENGTH_BYTES, 8).address());
      data = arena.allocate(Math.max(LEAST_DATA_BYTES, dataBytes), 4096).address();
      Memory.putShort(sqe() + Sqe.CID, nextId++);
    }

    @Override
    protected void respond() {
      if (!answered.complete(this)) {
        wrong.add("answered twice: opcode " + opcode() + ", command " + commandId());
        return;
      }
      reactor.execute(this::ended);
    }

    private void ended() {
      if (isLent()) {
        Memory.copy(dataAddress(), data, transferBytes());
        giveBack();
      }
      queue.end(this);
    }
  }

  Command command(int opcode, int dataBytes, LongConsumer fill) {
    var command = new Command(dataBytes);
    long sqe = command.sqe();
    Memory.putByte(sqe, opcode);
    Memory.putByte(sqe + Sqe.FLAGS, SGL);
    SglDescriptor.write(sqe, SglDescriptor.BY_TRANSPORT, dataBytes);
    fill.accept(sqe);
    return command;
  }

  /** Hands it to the model, and does not wait. */
  Command send(Command command) {
    TestReactors.run(
        reactor,
        () -> {
          queue.begin(command);
          if (command.transferBytes() > 0) command.dataAddress(command.data);
          queue.execute(command);
        });
    return command;
  }

  /** Its data never comes: it is begun, and not executed. */
  Command begin(Command command) {
    TestReactors.run(reactor, () -> queue.begin(command));
    return command;
  }

  /** Gives up a command that was only begun, as a transport does whose connection is gone. */
  void giveUp(Command command) {
    TestReactors.run(reactor, () -> queue.end(command));
  }

  Command call(Command command) {
    return TestReactors.await(send(command).answered);
  }

  Command call(int opcode, int dataBytes, LongConsumer fill) {
    return call(command(opcode, dataBytes, fill));
  }

  /**
   * @param queueId 0 for the admin queue
   */
  Command connect(String nqn, String hostNqn, int queueId, int controllerId, long keepAliveMs) {
    return call(connectCommand(nqn, hostNqn, queueId, controllerId, keepAliveMs));
  }

  /** For a test to change before it is sent. */
  Command connectCommand(
      String nqn, String hostNqn, int queueId, int controllerId, long keepAliveMs) {
    var command =
        command(
            Opcode.FABRICS,
            ConnectData.LENGTH_BYTES,
            sqe -> {
              Memory.putByte(sqe + Opcode.FABRICS_TYPE_OFFSET, Opcode.CONNECT);
              Memory.putShort(sqe + ConnectData.QID, queueId);
              Memory.putShort(sqe + ConnectData.SQSIZE, 31);
              Memory.putInt(sqe + ConnectData.KATO, (int) keepAliveMs);
            });
    new ConnectData(hostId, controllerId, nqn, hostNqn).write(command.data);
    return command;
  }

  /** Connects the admin queue and enables the controller. @return its id */
  static int enable(TestHost admin, String nqn) {
    var connected = admin.connect(nqn, HOST_NQN, 0, ConnectData.DYNAMIC_CONTROLLER, 0);
    Check.that(connected.status() == 0, "connect answered %x", connected.status());
    admin.property(Property.CC, Property.CC_ENTRY_SIZES | Property.CC_ENABLE);
    return (int) connected.result();
  }

  long property(int offset) {
    var got =
        call(
            Opcode.FABRICS,
            0,
            sqe -> {
              Memory.putByte(sqe + Opcode.FABRICS_TYPE_OFFSET, Opcode.PROPERTY_GET);
              Memory.putInt(sqe + Property.OFST, offset);
            });
    Check.that(got.status() == 0, "property %x answered %x", offset, got.status());
    return got.result();
  }

  Command setFeature(int id, int value) {
    return call(
        Opcode.SET_FEATURES,
        0,
        sqe -> {
          Memory.putByte(sqe + Sqe.CDW10, id);
          Memory.putInt(sqe + Sqe.CDW11, value);
        });
  }

  /**
   * @param select 0 current, 1 default, 2 saved, 3 supported
   */
  Command getFeature(int id, int select) {
    return call(Opcode.GET_FEATURES, 0, sqe -> Memory.putInt(sqe + Sqe.CDW10, id | select << 8));
  }

  /**
   * @param options dword 10 but for page and length: LSP from bit 8, RAE in bit 15
   */
  Command logPage(int id, int options, long offset, int bytes) {
    return call(
        Opcode.GET_LOG_PAGE,
        bytes,
        sqe -> {
          Memory.putInt(sqe + Sqe.CDW10, id | options | (bytes / 4 - 1) << 16);
          Memory.putLong(sqe + Sqe.CDW12, offset);
        });
  }

  Command property(int offset, int value) {
    return call(
        Opcode.FABRICS,
        0,
        sqe -> {
          Memory.putByte(sqe + Opcode.FABRICS_TYPE_OFFSET, Opcode.PROPERTY_SET);
          Memory.putInt(sqe + Property.OFST, offset);
          Memory.putLong(sqe + Property.VALUE, value);
        });
  }

  Command io(int opcode, long lba, int blocks, int fuse) {
    boolean moves = opcode == Opcode.READ || opcode == Opcode.WRITE || opcode == Opcode.COMPARE;
    return command(
        opcode,
        moves ? blocks * 512 : 0,
        sqe -> {
          Memory.putByte(sqe + Sqe.FLAGS, SGL | fuse);
          Memory.putInt(sqe + Sqe.NSID, 1);
          Memory.putLong(sqe + Sqe.CDW10, lba);
          Memory.putShort(sqe + Sqe.CDW12, blocks - 1);
        });
  }

  void close() {
    TestReactors.run(reactor, () -> queue.disconnected("the test closes it"));
  }

  List<Command> sendAll(List<Command> commands) {
    var sent = new ArrayList<Command>();
    for (var command : commands) sent.add(send(command));
    return sent;
  }

  @Override
  public TransportLimits limits() {
    return LIMITS;
  }

  @Override
  public InetSocketAddress local() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 8420);
  }

  @Override
  public InetSocketAddress peer() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 40000);
  }

  @Override
  public void resize(int depth) {
    // commands are made one by one
  }

  @Override
  public void disconnect(String reason) {
    disconnected.complete(reason);
    queue.disconnected(reason);
  }
}
