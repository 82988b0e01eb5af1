package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoStatus;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.RebuildInfo;
import io.tenon.nexus.RebuildState;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a rebuild does to its source, which is nothing, and what it makes of a bad one. */
class RebuildSourceTest {
  private static final long FIRST = (5L << 20) / 512;
  private static final SimDisk.Faults BAD = new SimDisk.Faults(0, 10_000, 1, 0, 0, 0, 0, 0, true);
  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SimReactors node = world.node("node", 2);
  private final List<SimDisk> disks = new ArrayList<>();
  private final List<SimMedium> media = new ArrayList<>();
  private NexusDevice nexus;
  private Operators operators;

  private Child child(int index) {
    var medium = new SimMedium();
    media.add(medium);
    var faults = SimDisk.Faults.none(10_000);
    var disk =
        new SimDisk(
            "d" + index,
            new Geometry(512, 14_000),
            medium,
            world,
            faults,
            SimDisk.Observer.NOBODY,
            false);
    disks.add(disk);
    String uri = "nvmf://far/" + index;
    return new Child(
        "n", index, uri, new DeviceSlot(disk, uri, world.clock(), node.main()::execute));
  }

  private void make(int children) {
    var kids = new ArrayList<Child>();
    for (int i = 0; i < children; i++) kids.add(child(i));
    nexus =
        new NexusDevice(
            new NexusDevice.Plan(
                "n",
                new UUID(1, 1),
                new DataArea(FIRST, new Geometry(512, 3000)),
                kids,
                ReadPolicy.LOCAL_FIRST,
                node.all(),
                4,
                RetirementRecord.NOTHING,
                world.clock(),
                new ServedNexus.Watcher(node.main()::execute),
                new NexusParts()));
    operators = new Operators(nexus);
    for (SimMedium medium : media) {
      for (long block = 0; block < 3000; block++) medium.preset(FIRST + block, 7 + block);
    }
  }

  private RebuildInfo rebuildAnother() {
    var spare = child(disks.size());
    order(() -> operators.add(spare.uri(), spare.slot(), true));
    assertTrue(world.runUntil(() -> !nexus.membership().rebuilds().history().isEmpty(), 1_000_000));
    world.runFor(10_000_000, 1_000_000);
    return nexus.membership().rebuilds().history().getFirst();
  }

  @Test
  void aSourceThatCannotBeReadFailsTheRebuildAndNotTheSource() {
    make(1);
    disks.get(0).faults(BAD);
    var rebuild = rebuildAnother();
    assertEquals(RebuildState.FAILED, rebuild.state());
    assertTrue(rebuild.detail().contains("nvmf://far/0 answered IO_ERROR"), rebuild.detail());
    var children = nexus.membership().view().children();
    assertEquals(ChildState.OPEN, children.get(0).state());
    assertEquals("", children.get(0).detail());
    assertEquals(ChildState.FAULTED, children.get(1).state());
    assertEquals(ChildReason.REBUILD_FAILED, children.get(1).reason());
    assertEquals(NexusState.DEGRADED, nexus.membership().view().state());
  }

  @Test
  void whatOneSourceCannotGiveAnotherDoes() {
    make(2);
    disks.get(0).faults(BAD);
    var rebuild = rebuildAnother();
    assertEquals(RebuildState.COMPLETED, rebuild.state());
    assertEquals("nvmf://far/1", rebuild.sourceUri().orElseThrow());
    for (long block = 0; block < 3000; block++) {
      assertEquals(7 + block, media.get(2).stampAt(FIRST + block));
    }
    assertEquals(0, media.get(2).stampAt(FIRST + 3000), "behind the data");
    assertEquals(0, media.get(2).stampAt(FIRST - 1), "before the data");
    for (var child : nexus.membership().view().children()) {
      assertEquals(ChildState.OPEN, child.state());
    }
  }

  @Test
  void aDestinationThatFailsIsOutForItsOwnReason() {
    make(2);
    var spare = disks.size();
    world.schedule(1, () -> disks.get(spare).faults(BAD));
    var rebuild = rebuildAnother();
    assertEquals(RebuildState.FAILED, rebuild.state());
    var children = nexus.membership().view().children();
    assertEquals(ChildState.FAULTED, children.get(2).state());
    assertEquals(ChildReason.IO_FAILURE, children.get(2).reason());
    assertTrue(children.get(2).detail().contains("IO_ERROR"), children.get(2).detail());
    assertEquals(2, children.stream().filter(one -> one.state() == ChildState.OPEN).count());
  }

  @Test
  void whatIsCopiedFromASourceThatWasAwayIsCopiedAgain() {
    make(1);
    var spare = child(1);
    order(() -> operators.add(spare.uri(), spare.slot(), true));
    assertTrue(world.runUntil(() -> media.get(1).stampAt(FIRST) == 7, 1_000_000));
    order(() -> operators.pause(spare.uri()));
    // The source has lost power, and shows what it held before.
    media.get(0).preset(FIRST, 1);
    disks.get(0).listener().interrupted(IoStatus.DEVICE_GONE, "restarted");
    disks.get(0).listener().returned();
    world.runFor(10_000_000, 1_000_000);
    var rebuilds = nexus.membership().rebuilds();
    assertEquals(RebuildState.FAILED, rebuilds.history().getFirst().state());
    assertEquals(RebuildState.PAUSED, rebuilds.infos().getFirst().state());
    order(() -> operators.resume(spare.uri()));
    assertTrue(
        world.runUntil(() -> nexus.membership().view().state() == NexusState.ONLINE, 1_000_000));
    assertEquals(1, media.get(1).stampAt(FIRST));
  }

  private interface Order {
    void give() throws NexusException;
  }

  private void order(Order order) {
    node.main()
        .execute(
            () -> {
              try {
                order.give();
              } catch (NexusException e) {
                throw new AssertionError(e);
              }
            });
  }
}
