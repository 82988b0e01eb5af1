package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.error.TenonException;
import io.tenon.nvme.ConnectionPause;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.ParkedConnection;
import io.tenon.nvme.QueueTransport;
import io.tenon.nvme.SubsystemHandover;
import io.tenon.nvme.TransportHandover;
import io.tenon.nvme.TransportLimits;
import io.tenon.nvme.TransportType;
import io.tenon.reactor.ListenSocket;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.SendVectors;
import io.tenon.reactor.SocketHandler;
import io.tenon.reactor.StreamSocket;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a transport has left, in virtual time. */
class HandoversTest {
  private static final String SCHEME = "nvmf+tcp";
  private static final String NQN = "nqn.2019-05.io.openebs:one";
  private static final long DEADLINE_NS = 30_000_000_000L;
  private static final long MOST_EVENTS = 100_000;

  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SimReactors node = world.node("target", 1);
  private final SimReactors hosts = world.node("host", 1);
  private final List<ParkedConnection> parked = new ArrayList<>();
  private Target target;
  private ListenSocket port;
  private StreamSocket host;
  private NvmeQueue queue;

  @BeforeEach
  void aHostIsConnectedAndItsTransportGoes() throws TenonException {
    target = new Target("", 4, "1.2.3");
    port = listen();
    connect();
    world.runFor(1_000_000_000L, MOST_EVENTS);
    assertEquals(1, parked.size());
    port.pause();
    target.handOver(
        new TransportHandover(TransportType.TCP, SCHEME, node.main(), port, List.copyOf(parked)));
    world.runFor(1_000_000L, MOST_EVENTS);
  }

  private ListenSocket listen() throws TenonException {
    return node.main().listen(new InetSocketAddress(node.address(), 8420), new Parking());
  }

  private void connect() {
    var address = new InetSocketAddress(node.address(), 8420);
    hosts
        .main()
        .execute(
            () -> {
              try {
                host = hosts.main().connect(address, SocketHandler.none());
                host.reading(false);
              } catch (TenonException e) {
                throw new AssertionError(e);
              }
            });
  }

  /** A transport that parks whoever comes. */
  private final class Parking implements Reactor.Acceptor {
    @Override
    public Reactor choose(InetSocketAddress peer) {
      return node.main();
    }

    @Override
    public SocketHandler accepted(StreamSocket socket) {
      var limits = new TransportLimits(TransportType.TCP, 32, 8, 131_072, 4096, 32);
      queue = target.accept(new Gone(socket, limits), node.main());
      var one = ParkedConnection.park(socket, queue, limits, new byte[] {1}, node.main().nowNs());
      parked.add(one);
      return one;
    }
  }

  private record Gone(StreamSocket socket, TransportLimits limits) implements QueueTransport {
    @Override
    public InetSocketAddress local() {
      return socket.local();
    }

    @Override
    public InetSocketAddress peer() {
      return socket.peer();
    }

    @Override
    public void resize(int depth) {
      throw new AssertionError("resized");
    }

    @Override
    public void disconnect(String reason) {
      throw new AssertionError("the transport that is gone was asked to disconnect");
    }
  }

  @Test
  void whatNobodyTakesOverEndsAtTheDeadlineAndNotBefore() {
    world.runFor(DEADLINE_NS - 1_000_000_000L, MOST_EVENTS);
    assertTrue(parked.getFirst().isParked());
    world.runFor(3_000_000_000L, MOST_EVENTS);
    assertFalse(parked.getFirst().isParked());
    assertTrue(target.takeOver(SCHEME).isEmpty());
  }

  @Test
  void howLongAHostWasWithoutATransportIsToldWhenItIsOver() {
    var waiting = target.handovers().getFirst().connections().getFirst();
    assertEquals(ConnectionPause.State.WAITING, waiting.state());
    long leftNs = node.main().nowNs();
    var taken = target.takeOver(SCHEME).orElseThrow().connections().getFirst();
    world.runFor(5_000_000_000L, MOST_EVENTS);
    node.main().execute(() -> taken.adopt(taken));
    world.runFor(1_000_000L, MOST_EVENTS);
    assertEquals(ConnectionPause.State.OVER, waiting.state());
    assertTrue(waiting.took().toNanos() >= node.main().nowNs() - leftNs - 1_000_000L);
    assertEquals(List.of(waiting), target.handovers().getFirst().connections());
  }

  /** Some bytes of a command; what they are nobody asks here. */
  private void hostSends() {
    try (var arena = Arena.ofShared()) {
      var vectors = new SendVectors(arena, 1);
      vectors.add(arena.allocate(8).address(), 8);
      hosts.main().execute(() -> assertTrue(host.send(vectors)));
      world.runFor(5_000_000L, MOST_EVENTS);
    }
  }

  private ConnectionPause goOn(ParkedConnection taken) {
    node.main().execute(() -> taken.adopt(new Gone(taken.socket(), taken.limits())));
    world.runFor(5_000_000L, MOST_EVENTS);
    return taken.pause();
  }

  private void receive(StreamSocket socket) {
    try (var arena = Arena.ofShared()) {
      long memory = arena.allocate(64).address();
      node.main().execute(() -> assertEquals(8, socket.receive(memory, 64)));
      world.runFor(50_000_000L, MOST_EVENTS);
    }
  }

  @Test
  void aPauseIsNotOverBeforeWhatTheHostHasSentIsTaken() {
    hostSends();
    var taken = target.takeOver(SCHEME).orElseThrow().connections().getFirst();
    var pause = goOn(taken);
    world.runFor(5_000_000_000L, MOST_EVENTS);
    assertEquals(ConnectionPause.State.WAITING, pause.state());
    receive(taken.socket());
    assertEquals(ConnectionPause.State.OVER, pause.state());
    assertTrue(pause.took().toNanos() >= 5_000_000_000L, () -> pause.took().toString());
    // From now on the host may wait as long as it likes: that is no pause.
    hostSends();
    world.runFor(5_000_000_000L, MOST_EVENTS);
    assertEquals(ConnectionPause.State.OVER, pause.state());
  }

  @Test
  void aPauseOfASilentHostIsOverUntilThatSaysSomethingThatIsNotTaken() {
    var taken = target.takeOver(SCHEME).orElseThrow().connections().getFirst();
    var pause = goOn(taken);
    assertEquals(ConnectionPause.State.OVER, pause.state());
    var took = pause.took();
    world.runFor(1_000_000_000L, MOST_EVENTS);
    hostSends();
    world.runFor(50_000_000L, MOST_EVENTS);
    assertEquals(ConnectionPause.State.WAITING, pause.state());
    receive(taken.socket());
    assertEquals(ConnectionPause.State.OVER, pause.state());
    long longerMs = pause.took().minus(took).toMillis();
    assertTrue(longerMs >= 20 && longerMs < 200, longerMs + " ms, and it was silent itself");
  }

  @Test
  void whatIsLeftOnceMoreHasAPauseOfItsOwn() {
    hostSends();
    var taken = target.takeOver(SCHEME).orElseThrow().connections().getFirst();
    var before = goOn(taken);
    assertEquals(ConnectionPause.State.WAITING, before.state());
    var again = new ArrayList<ParkedConnection>();
    node.main()
        .execute(
            () ->
                again.add(
                    ParkedConnection.park(
                        taken.socket(), queue, taken.limits(), new byte[] {1}, 0)));
    world.runFor(50_000_000L, MOST_EVENTS);
    assertEquals(ConnectionPause.State.OVER, before.state());
    assertEquals(ConnectionPause.State.WAITING, again.getFirst().pause().state());
  }

  @Test
  void aHostThatLeavesWhileNobodyListensToItWasBroken() {
    hostSends();
    var taken = target.takeOver(SCHEME).orElseThrow().connections().getFirst();
    var pause = goOn(taken);
    node.main().execute(taken.socket()::close);
    world.runFor(50_000_000L, MOST_EVENTS);
    assertEquals(ConnectionPause.State.BROKEN, pause.state());
  }

  @Test
  void aHostThatIsGivenUpIsToldAsBroken() {
    var waiting = target.handovers().getFirst().connections().getFirst();
    world.runFor(2 * DEADLINE_NS, MOST_EVENTS);
    assertEquals(ConnectionPause.State.BROKEN, waiting.state());
    assertTrue(waiting.took().toNanos() >= DEADLINE_NS);
  }

  @Test
  void whatWasTakenOverDoesNotEndAtTheDeadline() {
    var taken = target.takeOver(SCHEME).orElseThrow();
    assertEquals(parked, taken.connections());
    world.runFor(2 * DEADLINE_NS, MOST_EVENTS);
    assertTrue(parked.getFirst().isParked());
    assertTrue(target.takeOver(SCHEME).isEmpty());
  }

  @Test
  void whoConnectsMeanwhileIsServedByTheSuccessor() {
    connect();
    world.runFor(1_000_000_000L, MOST_EVENTS);
    assertEquals(1, parked.size());
    target.takeOver(SCHEME).orElseThrow().port().resume(new Parking());
    world.runFor(1_000_000_000L, MOST_EVENTS);
    assertEquals(2, parked.size());
  }

  // Of one subsystem alone.

  private void leaveOne() {
    var _ = target.takeOver(SCHEME).orElseThrow();
    target.handOver(new SubsystemHandover(SCHEME, NQN, parked));
    world.runFor(1_000_000L, MOST_EVENTS);
  }

  @Test
  void ofOneSubsystemWhatNobodyTakesOverEndsAtTheDeadlineAndNotBefore() {
    leaveOne();
    world.runFor(DEADLINE_NS - 1_000_000_000L, MOST_EVENTS);
    assertTrue(parked.getFirst().isParked());
    world.runFor(3_000_000_000L, MOST_EVENTS);
    assertFalse(parked.getFirst().isParked());
    assertEquals(ConnectionPause.State.BROKEN, parked.getFirst().pause().state());
    assertTrue(target.takeOver(SCHEME, NQN).isEmpty());
  }

  @Test
  void ofOneSubsystemOnlyWhoAsksForItGetsIt() {
    leaveOne();
    assertTrue(target.takeOver(SCHEME).isEmpty());
    assertTrue(target.takeOver(SCHEME, NQN + "2").isEmpty());
    assertTrue(target.takeOver("nvmf+other", NQN).isEmpty());
    assertEquals(parked, target.takeOver(SCHEME, NQN).orElseThrow().connections());
    assertTrue(target.takeOver(SCHEME, NQN).isEmpty());
    world.runFor(2 * DEADLINE_NS, MOST_EVENTS);
    assertTrue(parked.getFirst().isParked());
  }

  @Test
  void ofOneSubsystemItsPausesAreToldBesideThoseOfAll() {
    leaveOne();
    var told = target.handovers();
    assertEquals(List.of(1L, 2L), told.stream().map(NvmeTarget.Handover::number).toList());
    assertEquals(List.of(parked.getFirst().pause()), told.getLast().connections());
    target.handOver(new SubsystemHandover(SCHEME, "nqn.of.another", List.of()));
    assertEquals(
        List.of(1L, 3L), target.handovers().stream().map(NvmeTarget.Handover::number).toList());
  }

  @Test
  void ofOneSubsystemTheModelsEndIsTheirEnd() {
    leaveOne();
    target.close();
    world.runFor(1_000_000_000L, MOST_EVENTS);
    assertFalse(parked.getFirst().isParked());
  }

  @Test
  void whatIsKeptByOneThatIsGoneEndsWhenItIsAbandoned() {
    var taken = target.takeOver(SCHEME).orElseThrow().connections().getFirst();
    node.main().execute(() -> taken.adopt(new Gone(taken.socket(), taken.limits())));
    world.runFor(1_000_000L, MOST_EVENTS);
    node.main().execute(() -> taken.end("it is not parked any more"));
    world.runFor(1_000_000L, MOST_EVENTS);
    assertTrue(taken.socket().isOpen());
    node.main().execute(() -> taken.abandon("who had it is gone"));
    world.runFor(1_000_000L, MOST_EVENTS);
    assertFalse(taken.socket().isOpen());
    assertEquals(ConnectionPause.State.BROKEN, taken.pause().state());
  }

  @Test
  void theModelsEndIsTheirEnd() {
    target.close();
    world.runFor(1_000_000_000L, MOST_EVENTS);
    assertFalse(parked.getFirst().isParked());
    assertTrue(target.takeOver(SCHEME).isEmpty());
  }
}
