package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a host has seen is on all children: after a crash any of them may be taken for the truth. */
class ReadDuringChangeTest {
  private static final int TIMES = 200;
  private static final int BLOCK_BYTES = SimChildren.BLOCK_BYTES;
  private static final long STAMP = 7;
  private static final long SOON_NS = 100_000;
  private static final long MUCH_LATER_NS = 1_000_000;

  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SimReactors node = world.node("node", 1);
  private final SimChildren children = new SimChildren(world, node, SimDisk.Observer.NOBODY);
  private final SimDisk near = children.add("aio:///near", SimDisk.Faults.none(SOON_NS));
  private final SimDisk far = children.add("nvmf://far/a", SimDisk.Faults.none(MUCH_LATER_NS));
  private final List<IoChannel> channels = new ArrayList<>();
  private int seen;
  private int ended;

  @Test
  void aChangeThatARacingReadHasSeenIsOnAllChildren() throws Exception {
    var nexus = children.nexus(ReadPolicy.LOCAL_FIRST);
    try (var arena = Arena.ofConfined()) {
      long written = arena.allocate(BLOCK_BYTES, 4096).address();
      SimDisk.fill(written, BLOCK_BYTES, STAMP);
      long read = arena.allocate(BLOCK_BYTES, 4096).address();
      for (int i = 0; i < TIMES; i++) {
        // Granules apart, so that nothing of the time before is in the way.
        long lba = i * 8L;
        node.main()
            .execute(
                () -> {
                  var channel = nexus.channel(node.main());
                  race(channel, lba, read, nexus.area().firstBlock() + lba);
                  write(channel, lba, written);
                  channels.add(channel);
                });
        world.run(10_000);
        node.main().execute(channels.removeFirst()::close);
        world.run(10_000);
      }
    }
    assertEquals(2 * TIMES, ended);
    assertTrue(seen > TIMES / 10, "seen " + seen + " times");
  }

  private void race(IoChannel channel, long lba, long memory, long block) {
    var request =
        request(
            () -> {
              if (SimDisk.readStamp(memory, BLOCK_BYTES) != STAMP) return;
              seen++;
              assertEquals(STAMP, near.stampAt(block));
              assertEquals(STAMP, far.stampAt(block), "shown at " + lba + ", and not everywhere");
            });
    request.prepareRead(lba, 1, memory, BLOCK_BYTES);
    channel.submit(request);
  }

  private void write(IoChannel channel, long lba, long memory) {
    var request = request(() -> {});
    request.prepareWrite(lba, 1, memory, BLOCK_BYTES);
    channel.submit(request);
  }

  private IoRequest request(Runnable then) {
    return new IoRequest() {
      @Override
      protected void completed(IoStatus status) {
        assertEquals(IoStatus.SUCCESS, status);
        ended++;
        then.run();
      }
    };
  }
}
