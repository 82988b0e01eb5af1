package io.tenon.transport.nvmetcp.internal.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.Waiting;
import io.tenon.error.TenonException;
import io.tenon.nvme.ConnectionOwner;
import io.tenon.nvme.ConnectionPause;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.transport.nvmetcp.internal.HostLoad;
import io.tenon.transport.nvmetcp.internal.initiator.InitiatorForTests;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One device's connections are lent to another target and come back, while real initiators do I/O on two: they must not notice. */
class SubsystemLoansTest {
  private static final String CANARY = "malloc:///canary?size_mb=8";
  private static final String OTHER = "malloc:///other?size_mb=8";
  private static final int ROUNDS = 10;

  private TestReactors reactors;
  private TargetNode node;
  private DeviceProvider provider;
  private DeviceSlot canary;
  private DeviceSlot other;
  private Subsystem subsystem;
  private HostConnections borrowed;
  private SubsystemLoans trial;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    node = new TargetNode(reactors.reactors(), 32);
    provider = InitiatorForTests.open(reactors.reactors());
    canary = connect(CANARY);
    other = connect(OTHER);
    subsystem = node.share(CANARY);
    begin();
  }

  private void begin() {
    borrowed = new HostConnections();
    trial = new SubsystemLoans(node.model(), borrowed);
  }

  private DeviceSlot connect(String device) throws Exception {
    return new DeviceSlot(provider.open(DeviceUri.parse(node.uri(device))), "remote " + device);
  }

  @AfterEach
  void stop() throws Exception {
    borrowed.end();
    for (var slot : List.of(canary, other)) {
      TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
    }
    InitiatorForTests.close(provider);
    node.close();
    reactors.close();
  }

  /** Connections of the canary's host, by what the model knows. */
  private int queues() {
    return subsystem.controllers().stream().mapToInt(one -> 1 + one.queues()).sum();
  }

  private void lend() throws TenonException {
    node.loans().lend(subsystem.nqn(), trial);
  }

  @Test
  void hostsGoOnThroughTenTrials() throws Exception {
    var loads =
        List.of(
            new HostLoad(canary, reactors, 0, 0),
            new HostLoad(canary, reactors, 1, 1024),
            new HostLoad(other, reactors, 0, 0));
    loads.forEach(HostLoad::goesOn);
    int all = node.connections();
    var controllers = subsystem.controllers();
    for (int round = 0; round < ROUNDS; round++) {
      lend();
      assertEquals(queues(), borrowed.count());
      assertEquals(all - queues(), node.connections());
      loads.forEach(HostLoad::goesOn);
      trial.leave();
      node.loans().takeUp(subsystem.nqn());
      assertEquals(0, borrowed.count());
      assertEquals(all, node.connections());
      loads.forEach(HostLoad::goesOn);
      begin();
    }
    for (var load : loads) load.end();
    assertEquals(controllers, subsystem.controllers());
  }

  @Test
  void onlyTheirPausesAreTold() throws Exception {
    lend();
    var pauses = node.model().handovers().getLast().connections();
    assertEquals(queues(), pauses.size());
    assertTrue(pauses.stream().allMatch(one -> one.state() == ConnectionPause.State.OVER));
  }

  @Test
  void whoConnectsMeanwhileIsServedByTheOneWithThePort() throws Exception {
    lend();
    int before = node.connections();
    int lent = borrowed.count();
    var late = connect(CANARY);
    assertTrue(node.connections() > before);
    assertEquals(lent, borrowed.count());
    var load = new HostLoad(late, reactors, 0, 2048);
    load.goesOn();
    trial.leave();
    node.loans().takeUp(subsystem.nqn());
    load.goesOn();
    load.end();
    TestReactors.await(late.fail("The test ends.").toCompletableFuture());
  }

  @Test
  void oneWithoutAHostIsNotLent() throws Exception {
    var lonely = node.share("malloc:///lonely?size_mb=8");
    var refused = assertThrows(TenonException.class, () -> node.loans().lend(lonely.nqn(), trial));
    assertTrue(refused.getMessage().contains("There are none"), refused.getMessage());
  }

  /** Does not take what it is lent. */
  private record Refusing(RuntimeException bug) implements ConnectionOwner {
    @Override
    public void lend(String nqn, ConnectionOwner to) {
      throw new AssertionError("it has none");
    }

    @Override
    public void takeUp(String nqn) {
      if (bug != null) throw bug;
    }
  }

  @Test
  void whatTheOtherOneDoesNotTakeGoesOnHere() throws Exception {
    var load = new HostLoad(canary, reactors, 0, 0);
    var controllers = subsystem.controllers();
    var refused =
        assertThrows(
            TenonException.class, () -> node.loans().lend(subsystem.nqn(), new Refusing(null)));
    assertTrue(refused.getMessage().contains("has not taken them up"), refused.getMessage());
    load.goesOn();
    var bug = new IllegalStateException("a bug");
    assertEquals(
        bug,
        assertThrows(
            IllegalStateException.class,
            () -> node.loans().lend(subsystem.nqn(), new Refusing(bug))));
    load.goesOn();
    // Nothing of it is thought to be away.
    node.loans().takeUp(subsystem.nqn());
    load.goesOn();
    load.end();
    assertEquals(controllers, subsystem.controllers());
  }

  @Test
  void whatTheOtherOneKeepsWhenItGoesEnds() throws Exception {
    var before = subsystem.controllers();
    lend();
    node.loans().takeUp(subsystem.nqn());
    // The host comes again, by new connections.
    Waiting.until(
        "the old connections are gone",
        () -> subsystem.controllers().stream().noneMatch(before::contains));
    assertFalse(before.isEmpty());
  }
}
