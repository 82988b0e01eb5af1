package io.tenon.nvme.internal;

import io.tenon.linux.Memory;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.Feature;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Property;
import io.tenon.nvme.Sqe;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A host that connects, does I/O on several queues, loses connections, and connects again; as Linux does, it gives up all queues
 * of a controller when it loses one.
 */
final class SimNvmeHost implements SimConnection.Host {
  private static final int ADMIN_SLOTS = 8;
  private static final int IO_ENTRIES = 32;
  private static final long RETRY_NS = 300_000;
  private static final long KEEP_ALIVE_MS = 1000;
  private static final long KEEP_ALIVES_NS = 400_000_000;

  /** A queue of a controller without an admin queue must not live longer. */
  private static final long GONE_WITHIN_NS = 5_000_000;

  private final SimWorld world;
  private final SplittableRandom random;
  private final Target target;
  private final List<Reactor> reactors;
  private final String nqn;
  private final String hostNqn;
  private final UUID hostId;
  private final Arena arena;
  private final HostLedger ledger;
  private final Ids ids;
  private final boolean mostlyFused;
  private final int number;
  private final @Nullable SimReserver reserver;
  private final List<SimConnection> connections = new ArrayList<>();

  /** Of these, I/O queues of the controller. */
  private final List<SimConnection> serving = new ArrayList<>();

  private final List<SimConnection> everything = new ArrayList<>();
  private final int queues;
  private final int depth;
  private @Nullable SimConnection admin;

  /** Controller ids, and who has them. */
  static final class Ids {
    private final TreeMap<Integer, SimConnection> holders = new TreeMap<>();

    private void took(int id, SimConnection by) {
      var before = holders.put(id, by);
      if (before != null && !before.isClosed()) {
        throw new AssertionError("controller id " + id + " was given twice");
      }
    }
  }

  /** Which attempt is going on: what belongs to an older one is over. */
  private int attempt;

  private boolean asleep;
  private int events;

  SimNvmeHost(
      SimWorld world,
      Target target,
      List<Reactor> reactors,
      String nqn,
      int number,
      Arena arena,
      HostLedger ledger,
      Ids ids,
      boolean mostlyFused,
      @Nullable SimReserver reserver) {
    this.world = world;
    this.number = number;
    this.reserver = reserver;
    this.random = world.chance();
    this.target = target;
    this.reactors = reactors;
    this.nqn = nqn;
    this.hostNqn = "nqn.2014-08.org.nvmexpress:uuid:host" + number;
    this.hostId = SimReserver.hostId(number);
    this.arena = arena;
    this.ledger = ledger;
    this.ids = ids;
    this.mostlyFused = mostlyFused;
    this.queues = 1 + random.nextInt(3);
    this.depth = 1 + random.nextInt(4);
  }

  String nqn() {
    return hostNqn;
  }

  int events() {
    return events;
  }

  /** Connections that the target still knows. */
  long standing() {
    return everything.stream().filter(connection -> !connection.isOver()).count();
  }

  // Connecting.

  void connect() {
    if (ledger.isDone()) return;
    int mine = ++attempt;
    connections.clear();
    serving.clear();
    asleep = false;
    open(
        ADMIN_SLOTS,
        mine,
        connection -> {
          admin = connection;
          connect(
              connection,
              0,
              ConnectData.DYNAMIC_CONTROLLER,
              ADMIN_SLOTS,
              mine,
              id -> {
                ids.took(id, connection);
                enable(connection, id, mine);
              });
        });
  }

  private boolean isOld(int mine) {
    return mine != attempt;
  }

  private void open(int slots, int mine, Consumer<SimConnection> then) {
    var reactor = reactors.get(random.nextInt(reactors.size()));
    reactor.execute(
        () -> {
          var connection = new SimConnection(world, target, reactor, arena, slots, this);
          everything.add(connection);
          world.schedule(
              random.nextLong(20_000),
              () -> {
                if (isOld(mine)) {
                  connection.breakDown();
                  return;
                }
                connections.add(connection);
                then.accept(connection);
              });
        });
  }

  private void again(int mine) {
    if (isOld(mine)) return;
    attempt++;
    for (var connection : connections) connection.breakDown();
    connections.clear();
    serving.clear();
    world.schedule(1 + random.nextLong(RETRY_NS), this::connect);
  }

  /** One command of the kind that is no I/O. */
  private void call(
      SimConnection connection,
      int opcode,
      int dataBytes,
      int mine,
      Consumer<SimCommand> fill,
      Consumer<SimCommand> then) {
    if (isOld(mine) || asleep || !connection.hasFree(1)) return;
    var command = connection.take();
    long _ = command.prepare(opcode, dataBytes, false);
    fill.accept(command);
    calls.add(new Call(command, mine, then));
    connection.send(command);
  }

  private record Call(SimCommand command, int attempt, Consumer<SimCommand> then) {}

  private final List<Call> calls = new ArrayList<>();

  private void connect(
      SimConnection connection,
      int queueId,
      int controllerId,
      int entries,
      int mine,
      Consumer<Integer> then) {
    call(
        connection,
        Opcode.FABRICS,
        ConnectData.LENGTH_BYTES,
        mine,
        command -> {
          long sqe = command.sqe();
          Memory.putByte(sqe + Opcode.FABRICS_TYPE_OFFSET, Opcode.CONNECT);
          Memory.putShort(sqe + ConnectData.QID, queueId);
          Memory.putShort(sqe + ConnectData.SQSIZE, entries - 1);
          Memory.putInt(sqe + ConnectData.KATO, queueId == 0 ? (int) KEEP_ALIVE_MS : 0);
          new ConnectData(hostId, controllerId, nqn, hostNqn).write(command.data);
        },
        command -> {
          if (command.status() == NvmeStatus.SUCCESS) then.accept((int) command.result());
          else again(mine);
        });
  }

  private void enable(SimConnection connection, int controllerId, int mine) {
    call(
        connection,
        Opcode.FABRICS,
        0,
        mine,
        command -> {
          long sqe = command.sqe();
          Memory.putByte(sqe + Opcode.FABRICS_TYPE_OFFSET, Opcode.PROPERTY_SET);
          Memory.putInt(sqe + Property.OFST, Property.CC);
          Memory.putInt(sqe + Property.VALUE, Property.CC_ENTRY_SIZES | Property.CC_ENABLE);
        },
        command -> {
          askForEvents(connection, mine);
          keepAlive(connection, mine);
          for (int i = 1; i <= queues; i++) openQueue(i, controllerId, mine);
        });
  }

  private void openQueue(int id, int controllerId, int mine) {
    open(
        IO_ENTRIES,
        mine,
        connection ->
            connect(
                connection,
                id,
                controllerId,
                IO_ENTRIES,
                mine,
                answered -> {
                  serving.add(connection);
                  for (int i = 0; i < depth; i++) next(connection, mine);
                  if (id == 1) reserve(connection, mine);
                }));
  }

  private void reserve(SimConnection connection, int mine) {
    if (reserver == null) return;
    reserver.start(
        (opcode, bytes, fill, then) ->
            call(
                connection,
                opcode,
                bytes,
                mine,
                command -> {
                  Memory.putInt(command.sqe() + Sqe.NSID, IoQueue.NAMESPACE);
                  fill.accept(command);
                },
                then));
  }

  private void askForEvents(SimConnection connection, int mine) {
    call(
        connection,
        Opcode.SET_FEATURES,
        0,
        mine,
        command -> {
          Memory.putInt(command.sqe() + Sqe.CDW10, Feature.ASYNC_EVENTS);
          Memory.putInt(
              command.sqe() + Sqe.CDW11,
              IdentifyController.EVENT_NAMESPACE | IdentifyController.EVENT_ANA);
        },
        command -> awaitEvent(connection, mine));
  }

  private void awaitEvent(SimConnection connection, int mine) {
    call(
        connection,
        Opcode.ASYNC_EVENT_REQUEST,
        0,
        mine,
        command -> {},
        command -> {
          if (command.status() != NvmeStatus.SUCCESS) return;
          events++;
          int page = (int) (command.result() >>> 16) & 0xFF;
          call(
              connection,
              Opcode.GET_LOG_PAGE,
              1024,
              mine,
              log -> Memory.putInt(log.sqe() + Sqe.CDW10, page | 255 << 16),
              log -> awaitEvent(connection, mine));
        });
  }

  private void keepAlive(SimConnection connection, int mine) {
    world.schedule(
        KEEP_ALIVES_NS,
        () -> {
          if (isOld(mine) || asleep) return;
          call(
              connection,
              Opcode.KEEP_ALIVE,
              0,
              mine,
              command -> {},
              command -> keepAlive(connection, mine));
        });
  }

  // I/O.

  private void next(SimConnection connection, int mine) {
    if (isOld(mine) || connection.isClosed()) return;
    if (ledger.isDone()) {
      leave(mine);
      return;
    }
    if (!connection.hasFree(2)) throw new AssertionError("no slot is free");
    // Who is sent away for a while comes back later.
    HostTask.Next after =
        refused ->
            world.schedule(
                random.nextLong(refused ? 2_000_000 : 100_000), () -> next(connection, mine));
    new HostTask(ledger, number, random, after).start(connection, mostlyFused);
  }

  @Override
  public void answered(SimCommand command) {
    var task = command.task;
    if (task != null) {
      command.task = null;
      task.answered(command);
      return;
    }
    for (var call : calls) {
      if (!call.command.equals(command)) continue;
      calls.remove(call);
      if (!isOld(call.attempt)) call.then.accept(command);
      return;
    }
    if (!command.isOfClosed()) throw new AssertionError(command + " is answered to nobody");
  }

  @Override
  public void lost(SimConnection connection) {
    calls.removeIf(call -> connection.owns(call.command));
    if (!connections.contains(connection)) return;
    int mine = attempt;
    boolean isAdmin = connection.equals(admin);
    if (!isAdmin || random.nextBoolean()) {
      again(mine);
      return;
    }
    // The target has to see to it that no queue outlives the admin queue.
    var orphans = List.copyOf(serving);
    world.schedule(
        GONE_WITHIN_NS,
        () -> {
          for (var orphan : orphans) {
            if (!orphan.isClosed()) {
              throw new AssertionError("an I/O queue lives on without its admin queue");
            }
          }
          again(mine);
        });
  }

  // What hosts do besides.

  /** One of its connections breaks. */
  void breakOne() {
    if (connections.isEmpty()) return;
    connections.get(random.nextInt(connections.size())).breakDown();
  }

  void breakAdmin() {
    var connection = admin;
    if (connection != null) connection.breakDown();
  }

  /** It sends no keep-alive any more; the target has to end its controller. */
  void sleep() {
    asleep = true;
    var sleeping = admin;
    int mine = attempt;
    world.schedule(
        KEEP_ALIVE_MS * 1_000_000 + KEEP_ALIVES_NS + GONE_WITHIN_NS,
        () -> {
          if (isOld(mine) || sleeping == null || sleeping.isClosed()) return;
          throw new AssertionError("a controller lives on without keep-alive");
        });
  }

  private void leave(int mine) {
    if (asleep) return; // the target has to see to it
    world.schedule(
        50_000_000,
        () -> {
          if (isOld(mine)) return;
          attempt++;
          for (var connection : connections) connection.breakDown();
          connections.clear();
          serving.clear();
          serving.clear();
        });
  }
}
