package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoStatus;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a nexus says of itself when the way to its children breaks. */
class LastChildTest {
  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SimReactors node = world.node("node", 2);
  private final SimChildren children = new SimChildren(world, node, SimDisk.Observer.NOBODY);

  private Membership nexus(int count) throws Exception {
    for (int i = 0; i < count; i++) children.add("nvmf://far/" + i, SimDisk.Faults.memory());
    return children.nexus(ReadPolicy.LOCAL_FIRST).membership();
  }

  private void interrupt(int disk, IoStatus how) {
    children.disks().get(disk).listener().interrupted(how, "cut by the test");
    world.run(1000);
  }

  private void comeBack(int disk) {
    children.disks().get(disk).listener().returned();
    world.run(1000);
  }

  @Test
  void aChildThatFellSilentIsOutForThatAndOneThatBrokeOffForTheOther() throws Exception {
    var nexus = nexus(3);
    interrupt(0, IoStatus.TIMED_OUT);
    interrupt(1, IoStatus.DEVICE_GONE);
    var children = nexus.view().children();
    assertEquals(ChildReason.TIMED_OUT, children.get(0).reason());
    assertEquals(ChildReason.ADMIN_FAILED, children.get(1).reason());
    assertEquals(NexusState.DEGRADED, nexus.view().state());
  }

  @Test
  void aNexusWhoseLastChildIsOutOfReachIsFaultedUntilThatChildIsBack() throws Exception {
    var nexus = nexus(2);
    interrupt(0, IoStatus.DEVICE_GONE);
    interrupt(1, IoStatus.DEVICE_GONE);
    assertEquals(NexusState.FAULTED, nexus.view().state());
    var last = nexus.view().children().get(1);
    assertEquals(ChildState.OPEN, last.state());
    assertTrue(last.detail().contains("cut by the test"), last.detail());

    comeBack(1);
    assertEquals(NexusState.DEGRADED, nexus.view().state());
    assertEquals("", nexus.view().children().get(1).detail());
  }

  @Test
  void aNexusOfOneChildIsOnlineAgainWithIt() throws Exception {
    var nexus = nexus(1);
    interrupt(0, IoStatus.TIMED_OUT);
    assertEquals(NexusState.FAULTED, nexus.view().state());
    comeBack(0);
    assertEquals(NexusState.ONLINE, nexus.view().state());
  }

  @Test
  void aChildThatIsOutDoesNotComeBackWithItsConnection() throws Exception {
    var nexus = nexus(2);
    interrupt(0, IoStatus.DEVICE_GONE);
    comeBack(0);
    assertEquals(ChildState.FAULTED, nexus.view().children().getFirst().state());
    interrupt(1, IoStatus.DEVICE_GONE);
    comeBack(0);
    assertEquals(NexusState.FAULTED, nexus.view().state());
  }

  @Test
  void aLastChildThatIsLostForGoodLeavesTheNexusFaulted() throws Exception {
    var nexus = nexus(2);
    children.disks().get(0).lose("unplugged");
    world.run(1000);
    assertEquals(NexusState.DEGRADED, nexus.view().state());
    children.disks().get(1).lose("unplugged too");
    world.run(1000);
    assertEquals(NexusState.FAULTED, nexus.view().state());
    assertEquals(ChildState.OPEN, nexus.view().children().get(1).state());
  }
}
