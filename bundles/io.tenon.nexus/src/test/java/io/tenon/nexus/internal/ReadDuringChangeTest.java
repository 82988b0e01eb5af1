package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimMedium;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.lang.foreign.Arena;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a host has seen is on all children: after a crash any of them may be taken for the truth. */
class ReadDuringChangeTest {
  private static final int TIMES = 200;
  private static final int BLOCK_BYTES = 512;
  private static final long STAMP = 7;
  private static final long SOON_NS = 100_000;
  private static final long MUCH_LATER_NS = 1_000_000;

  private final SimWorld world = new SimWorld(new SplittableRandom(1));
  private final SimReactors node = world.node("node", 1);
  private final List<Child> children = new ArrayList<>();
  private final List<DataArea.Shape> shapes = new ArrayList<>();
  private final SimDisk near = disk("aio:///near", SOON_NS);
  private final SimDisk far = disk("nvmf://far/a", MUCH_LATER_NS);
  private final List<IoChannel> channels = new ArrayList<>();
  private int seen;
  private int ended;

  private SimDisk disk(String uri, long mostDelayNs) {
    var geometry = new Geometry(BLOCK_BYTES, 20_000);
    var faults = SimDisk.Faults.none(mostDelayNs);
    var disk = new SimDisk(uri, geometry, new SimMedium(), world, faults, new Nobody(), false);
    var slot = new DeviceSlot(disk, uri, () -> Instant.EPOCH, node.main()::execute);
    children.add(new Child("n", children.size(), uri, slot));
    shapes.add(new DataArea.Shape(uri, geometry));
    return disk;
  }

  private static final class Nobody implements SimDisk.Observer {
    @Override
    public void readSubmitted(SimDisk disk) {
      // Nobody counts.
    }

    @Override
    public void written(SimDisk disk, long block, long stamp) {
      // Nobody looks.
    }
  }

  private NexusDevice nexus() throws Exception {
    InstantSource clock = () -> Instant.EPOCH;
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
            new NexusParts()));
  }

  @Test
  void aChangeThatARacingReadHasSeenIsOnAllChildren() throws Exception {
    var nexus = nexus();
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
