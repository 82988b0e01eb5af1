package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoStatus;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a nexus says of itself when the way to its children breaks. */
class LastChildTest {
  private static final SimDisk.Observer NOBODY =
      new SimDisk.Observer() {
        @Override
        public void readSubmitted(SimDisk disk) {}

        @Override
        public void written(SimDisk disk, long block, long stamp) {}
      };

  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SimReactors node = world.node("node", 2);
  private final List<SimDisk> disks = new ArrayList<>();

  private Membership nexus(int count) throws Exception {
    var geometry = new Geometry(512, 20_000);
    InstantSource clock = () -> Instant.EPOCH;
    var children = new ArrayList<Child>();
    var shapes = new ArrayList<DataArea.Shape>();
    for (int i = 0; i < count; i++) {
      String uri = "nvmf://far/" + i;
      var faults = SimDisk.Faults.memory();
      var disk = new SimDisk(uri, geometry, new SimMedium(), world, faults, NOBODY, false);
      disks.add(disk);
      var slot = new DeviceSlot(disk, uri, clock, node.main()::execute);
      children.add(new Child("n", i, uri, slot));
      shapes.add(new DataArea.Shape(uri, geometry));
    }
    return new NexusDevice(
            new NexusDevice.Plan(
                "n",
                new UUID(1, 1),
                DataArea.of("n", 1 << 20, shapes),
                children,
                ReadPolicy.LOCAL_FIRST,
                node.all(),
                4,
                RetirementRecord.NOTHING,
                clock,
                new ServedNexus.Watcher(node.main()::execute),
                new NexusParts()))
        .membership();
  }

  private void interrupt(int disk, IoStatus how) {
    disks.get(disk).listener().interrupted(how, "cut by the test");
    world.run(1000);
  }

  private void comeBack(int disk) {
    disks.get(disk).listener().returned();
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
    disks.get(0).lose("unplugged");
    world.run(1000);
    assertEquals(NexusState.DEGRADED, nexus.view().state());
    disks.get(1).lose("unplugged too");
    world.run(1000);
    assertEquals(NexusState.FAULTED, nexus.view().state());
    assertEquals(ChildState.OPEN, nexus.view().children().get(1).state());
  }
}
