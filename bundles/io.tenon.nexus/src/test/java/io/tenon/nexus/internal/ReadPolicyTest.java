package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ReadPolicyTest {
  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SimReactors node = world.node("node", 1);
  private final int[] reads = new int[3];

  private SimChildren children;

  private NexusDevice nexus(ReadPolicy policy, String... uris) throws Exception {
    children = new SimChildren(world, node, new Counter());
    for (String uri : uris) children.add(uri, SimDisk.Faults.memory());
    return children.nexus(policy);
  }

  private final class Counter implements SimDisk.Observer {
    @Override
    public void readSubmitted(SimDisk disk) {
      reads[children.disks().indexOf(disk)]++;
    }
  }

  private void read(NexusDevice nexus, int times) {
    try (var arena = Arena.ofConfined()) {
      long memory = arena.allocate(512, 4096).address();
      var ended = new ArrayList<IoStatus>();
      node.main()
          .execute(
              () -> {
                var channel = nexus.channel(node.main());
                for (int i = 0; i < times; i++) {
                  var read =
                      new IoRequest() {
                        @Override
                        protected void completed(IoStatus status) {
                          ended.add(status);
                        }
                      };
                  read.prepareRead(i, 1, memory, 512);
                  channel.submit(read);
                }
                channel.close();
              });
      world.run(1000);
      assertEquals(Collections.nCopies(times, IoStatus.SUCCESS), ended);
    }
  }

  @Test
  void readsGoToTheChildOnThisNode() throws Exception {
    var nexus = nexus(ReadPolicy.LOCAL_FIRST, "nvmf://far/a", "aio:///b", "nvmf+tcp://far/c");
    read(nexus, 30);
    assertArrayEquals(new int[] {0, 30, 0}, reads);
  }

  @Test
  void readsTakeTurnsWhenNoChildIsOnThisNodeOrThePolicySaysSo() throws Exception {
    var far = nexus(ReadPolicy.LOCAL_FIRST, "nvmf://far/a", "nvmf://far/b", "nvmf+tcp://far/c");
    read(far, 30);
    assertArrayEquals(new int[] {10, 10, 10}, reads);
    var near = nexus(ReadPolicy.ROUND_ROBIN, "nvmf://far/a", "aio:///b", "nvmf+tcp://far/c");
    read(near, 30);
    assertArrayEquals(new int[] {20, 20, 20}, reads);
  }

  @Test
  void readsLeaveALocalChildThatIsLost() throws Exception {
    var nexus = nexus(ReadPolicy.LOCAL_FIRST, "nvmf://far/a", "aio:///b", "nvmf+tcp://far/c");
    read(nexus, 2);
    children.disks().get(1).lose("unplugged");
    world.run(1000);
    read(nexus, 30);
    assertArrayEquals(new int[] {15, 2, 15}, reads);
    assertEquals("device lost: unplugged", nexus.membership().view().children().get(1).detail());
  }
}
