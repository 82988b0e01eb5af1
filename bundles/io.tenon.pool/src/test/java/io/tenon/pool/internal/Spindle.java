package io.tenon.pool.internal;

import io.tenon.block.AllocationQuery;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * A simulated disk that several devices are on: it does four things at a time for all of them, each in a while that depends on its length
 * and on chance. It keeps no content; what is read is never zero.
 */
final class Spindle {
  private static final long BASE_NS = 60_000;

  private final SimWorld world;
  private final SimReactors node;
  private final SplittableRandom chance;
  private final long[] busyUntilNs = new long[4];

  Spindle(SimWorld world, SimReactors node) {
    this.world = world;
    this.node = node;
    chance = world.chance();
  }

  /**
   * @param allocated blocks from the first on that hold data
   */
  DeviceSlot device(String name, long blocks, long allocated) {
    var device = new Part(name, blocks, allocated);
    return new DeviceSlot(device, "sim:///" + name, world.clock(), node.main()::execute);
  }

  private long endNs(IoRequest request) {
    int first = 0;
    for (int i = 1; i < busyUntilNs.length; i++) {
      if (busyUntilNs[i] < busyUntilNs[first]) first = i;
    }
    long jitterNs = (long) (-20_000 * Math.log(1 - chance.nextDouble()));
    busyUntilNs[first] =
        Math.max(world.nowNs(), busyUntilNs[first]) + BASE_NS + request.lengthBytes() + jitterNs;
    return busyUntilNs[first];
  }

  private final class Part implements BlockDevice {
    private final String name;
    private final long blocks;
    private final long allocated;

    Part(String name, long blocks, long allocated) {
      this.name = name;
      this.blocks = blocks;
      this.allocated = allocated;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public UUID uuid() {
      return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public Geometry geometry() {
      return new Geometry(512, blocks);
    }

    @Override
    public String productName() {
      return "Part of a spindle";
    }

    @Override
    public boolean supports(IoOperation operation) {
      return switch (operation) {
        case READ, WRITE, WRITE_ZEROES, FLUSH -> true;
        case UNMAP, COMPARE, COMPARE_AND_WRITE -> false;
      };
    }

    @Override
    public IoChannel channel(Reactor reactor) {
      return new IoChannel() {
        @Override
        protected void take(IoRequest request) {
          if (request.operation() == IoOperation.READ) Memory.putLong(request.address(), 1);
          reactor.schedule(
              endNs(request) - world.nowNs(), () -> request.complete(IoStatus.SUCCESS));
        }

        @Override
        protected void look(AllocationQuery query) {
          boolean holds = query.lba() < allocated;
          long alike = holds ? allocated - query.lba() : query.blocks();
          query.answer(holds, Math.min(alike, query.blocks()));
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void listener(DeviceListener listener) {}

    @Override
    public void close() {}
  }
}
