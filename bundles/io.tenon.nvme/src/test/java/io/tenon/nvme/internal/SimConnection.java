package io.tenon.nvme.internal;

import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeCommand.Transfer;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.QueueTransport;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.TransportLimits;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A connection between a simulated host and the model, with both ends of a transport in between: capsules, data and responses
 * take a while and keep their order. As strict as a real transport: a command is executed once, answered once and ended once.
 */
final class SimConnection implements QueueTransport {
  private static final long MOST_DELAY_NS = 40_000;

  /** The host's end; called outside of reactors. */
  interface Host {
    void answered(SimCommand command);

    /** Nothing will be answered any more. */
    void lost(SimConnection connection);
  }

  private final SimWorld world;
  private final SplittableRandom random;
  private final Reactor reactor;
  private final Host host;
  private final NvmeQueue queue;
  private final List<SimCommand> commands = new ArrayList<>();
  private final ArrayDeque<SimCommand> free = new ArrayDeque<>();
  private long lastArrivalNs;
  private long lastAnswerNs;
  private int responding;
  private boolean ending;
  private boolean closed;

  /** On {@code reactor}. */
  SimConnection(SimWorld world, Target target, Reactor reactor, Arena arena, int slots, Host host) {
    this.world = world;
    this.random = world.chance();
    this.reactor = reactor;
    this.host = host;
    for (int i = 0; i < slots; i++) {
      var command = new SimCommand(this, arena, i);
      commands.add(command);
      free.add(command);
    }
    this.queue = target.accept(this, reactor);
  }

  // The host's side.

  boolean hasFree(int wanted) {
    return free.size() >= wanted && !closed;
  }

  SimCommand take() {
    return free.remove();
  }

  boolean owns(SimCommand command) {
    return commands.contains(command);
  }

  /** A pair that is sent together arrives together. */
  void send(SimCommand command) {
    command.state = SimCommand.State.SENT;
    command.executed = false;
    lastArrivalNs = Math.max(lastArrivalNs, world.nowNs() + random.nextLong(MOST_DELAY_NS));
    Reactor.Timer _ = reactor.schedule(lastArrivalNs - world.nowNs(), () -> arrive(command));
  }

  /** The network or the host ends it. */
  void breakDown() {
    reactor.execute(() -> close("the connection broke"));
  }

  boolean isClosed() {
    return closed;
  }

  /** Nothing of it is with the target. */
  boolean isOver() {
    return closed && commands.stream().noneMatch(this::isWithTarget);
  }

  private boolean isWithTarget(SimCommand command) {
    return switch (command.state) {
      case FREE, SENT, ENDED -> false;
      case BEGUN, RECEIVING, EXECUTING, RESPONDING -> true;
    };
  }

  // The target's side, on the reactor.

  private void arrive(SimCommand command) {
    if (closed || ending) {
      finish(command);
      return;
    }
    command.state = SimCommand.State.BEGUN;
    queue.begin(command);
    int bytes = command.transferBytes();
    if (bytes == 0) {
      execute(command);
    } else if (command.transfer() == Transfer.OUT) {
      if (!command.mayLend() || random.nextBoolean()) command.dataAddress(command.buffer);
      execute(command);
    } else if (command.isDataInCapsule()) {
      receive(command);
    } else {
      command.state = SimCommand.State.RECEIVING;
      Reactor.Timer _ =
          reactor.schedule(
              random.nextLong(MOST_DELAY_NS),
              () -> {
                if (command.state == SimCommand.State.RECEIVING && !ending) receive(command);
              });
    }
  }

  private void receive(SimCommand command) {
    Memory.copy(command.data, command.buffer, command.transferBytes());
    command.dataAddress(command.buffer);
    boolean inPlace = isPlainWrite(command) && queue.consumesInline();
    execute(command);
    // It was a piece of the receive buffer, which takes in the next command now.
    if (inPlace) spoil(command);
  }

  private static boolean isPlainWrite(SimCommand command) {
    boolean isFused = (Memory.getU8(command.sqe() + Sqe.FLAGS) & Sqe.FUSE_MASK) != 0;
    return command.opcode() == Opcode.WRITE && !isFused;
  }

  private static void spoil(SimCommand command) {
    SimDisk.fill(command.buffer, SimCommand.MOST_BYTES, -1);
  }

  private void execute(SimCommand command) {
    command.state = SimCommand.State.EXECUTING;
    command.executed = true;
    queue.execute(command);
  }

  void respond(SimCommand command) {
    if (!reactor.isCurrent()) throw new AssertionError(command + " answered from elsewhere");
    if (command.state != SimCommand.State.EXECUTING) {
      throw new AssertionError(command + " is answered");
    }
    world.trace().note(command.status() * 31L + command.commandId());
    command.state = SimCommand.State.RESPONDING;
    if (closed) {
      sent(command);
      return;
    }
    responding++;
    Reactor.Timer _ =
        reactor.schedule(
            random.nextLong(5_000),
            () -> {
              if (command.state == SimCommand.State.RESPONDING) sent(command);
            });
  }

  /** The kernel has the response, or nobody wants it any more. */
  private void sent(SimCommand command) {
    boolean delivered = !closed;
    if (delivered) responding--;
    if (command.responseBytes() > 0) {
      if (command.dataAddress() == 0) throw new AssertionError(command + " has no data");
      Memory.copy(command.dataAddress(), command.data, command.responseBytes());
    }
    if (command.isLent()) command.giveBack();
    end(command);
    if (delivered) {
      lastAnswerNs = Math.max(lastAnswerNs, world.nowNs() + random.nextLong(MOST_DELAY_NS));
      world.schedule(lastAnswerNs - world.nowNs(), () -> answer(command));
    } else {
      finish(command);
    }
    if (ending && responding == 0) close("the target has ended it");
  }

  private void end(SimCommand command) {
    // What the target had in its buffer is not the command's any more.
    spoil(command);
    command.state = SimCommand.State.ENDED;
    queue.end(command);
  }

  private void answer(SimCommand command) {
    free.add(command);
    command.state = SimCommand.State.FREE;
    host.answered(command);
  }

  /** It ends without an answer that reaches the host. */
  private void finish(SimCommand command) {
    command.state = SimCommand.State.ENDED;
    var task = command.task;
    if (task == null) return;
    command.task = null;
    task.unanswered(command, command.executed ? command.status() : HostTask.NEVER_EXECUTED);
  }

  private void close(String why) {
    if (closed) return;
    closed = true;
    queue.disconnected(why);
    for (var command : commands) {
      switch (command.state) {
        case RESPONDING -> sent(command);
        case BEGUN, RECEIVING -> {
          end(command);
          finish(command);
        }
        case FREE, SENT, EXECUTING, ENDED -> {}
      }
    }
    world.schedule(random.nextLong(MOST_DELAY_NS), () -> host.lost(this));
  }

  // QueueTransport

  @Override
  public TransportLimits limits() {
    return TestHost.LIMITS;
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
    // there are enough from the beginning
  }

  @Override
  public void disconnect(String reason) {
    if (!reactor.isCurrent()) throw new AssertionError("disconnected from elsewhere");
    if (closed || ending) return;
    ending = true;
    if (responding == 0) close(reason);
    else reactor.execute(() -> close(reason));
  }
}
