package io.tenon.simulation.itest;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/** A platter plugged into a node: what it is told happens later and in any order, until it is unplugged or its node has no power. */
final class PlatterDisk implements BlockDevice {
  static final String NAME = "disk";

  private static final long MOST_DELAY_NS = 60_000;

  private final Platter platter;
  private final SimWorld world;
  private final SplittableRandom random;
  private final List<Command> underWay = new ArrayList<>();
  private DeviceListener listener = new DeviceListener() {};
  private boolean gone;

  /** So many more I/Os are done before one fails; none fails when negative. */
  private int failsAfter = -1;

  PlatterDisk(Platter platter, SimWorld world) {
    this.platter = platter;
    this.world = world;
    random = world.chance();
  }

  /** One I/O fails soon. */
  void failOnce(int after) {
    failsAfter = after;
  }

  /** None fails any more, also when none has. */
  void failNone() {
    failsAfter = -1;
  }

  /** Pulled out: what was under way is done or not, and all of it answered. */
  void unplug() {
    if (gone) return;
    Tally.fault();
    gone = true;
    for (Command command : List.copyOf(underWay)) {
      if (random.nextBoolean()) command.happen(true);
      command.answer(IoStatus.DEVICE_GONE);
    }
    platter.losePower(random);
    listener.lost("It was unplugged.");
  }

  /** With its node: nobody is told anything. */
  void losePower() {
    Tally.fault();
    gone = true;
    for (Command command : List.copyOf(underWay)) {
      if (random.nextBoolean()) command.happen(true);
    }
    underWay.clear();
    platter.losePower(random);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public UUID uuid() {
    return new UUID(9, 9);
  }

  @Override
  public Geometry geometry() {
    return new Geometry(Platter.SECTOR_BYTES, platter.sectors());
  }

  @Override
  public String productName() {
    return "Platter";
  }

  @Override
  public boolean supports(IoOperation operation) {
    return operation != IoOperation.COMPARE && operation != IoOperation.COMPARE_AND_WRITE;
  }

  @Override
  public void listener(DeviceListener to) {
    listener = to;
  }

  @Override
  public void close() {
    gone = true;
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return new IoChannel() {
      @Override
      protected void take(IoRequest request) {
        if (!reactor.isCurrent()) throw new AssertionError(request + " on the wrong reactor");
        new Command(request, reactor).start();
      }

      @Override
      public void close() {}
    };
  }

  private final class Command {
    private final IoRequest request;
    private final Reactor reactor;
    private boolean happened;
    private boolean ended;

    Command(IoRequest request, Reactor reactor) {
      this.request = request;
      this.reactor = reactor;
    }

    void start() {
      Tally.io();
      if (gone) {
        reactor.schedule(1 + random.nextLong(5_000), () -> request.complete(IoStatus.DEVICE_GONE));
        return;
      }
      if (!geometry().contains(request.lba(), request.blocks())) {
        throw new AssertionError(request + " is beyond the end");
      }
      boolean fails = failsAfter >= 0 && failsAfter-- == 0;
      if (fails) Tally.fault();
      underWay.add(this);
      long at = random.nextLong(MOST_DELAY_NS);
      if (!fails) reactor.schedule(at, () -> happen(false));
      var outcome = fails ? IoStatus.IO_ERROR : IoStatus.SUCCESS;
      reactor.schedule(at + 1 + random.nextLong(MOST_DELAY_NS), () -> answer(outcome));
    }

    /** Cut off in the middle, only some of its sectors come down. */
    void happen(boolean cut) {
      if (happened || ended || (gone && !cut)) return;
      happened = true;
      world.trace().note(request.lba() * 31 + request.operation().index());
      long from = request.lba();
      long to = from + request.blocks();
      switch (request.operation()) {
        case READ -> {
          for (long at = from; at < to && !cut; at++) {
            Memory.copy(platter.read(at), 0, address(at), Platter.SECTOR_BYTES);
          }
        }
        case WRITE -> {
          for (long at = from; at < to; at++) {
            if (cut && random.nextBoolean()) continue;
            var content = new byte[Platter.SECTOR_BYTES];
            Memory.copy(address(at), content, 0, Platter.SECTOR_BYTES);
            platter.write(at, content);
          }
        }
        case WRITE_ZEROES, UNMAP -> {
          if (!cut || random.nextBoolean()) platter.zero(from, to);
        }
        case FLUSH -> platter.flush();
        case COMPARE, COMPARE_AND_WRITE -> throw new AssertionError("not offered");
      }
    }

    private long address(long sector) {
      return request.address() + (sector - request.lba()) * Platter.SECTOR_BYTES;
    }

    void answer(IoStatus status) {
      if (ended) return;
      ended = true;
      underWay.remove(this);
      world.trace().note(status.name().hashCode());
      if (reactor.isCurrent()) request.complete(status);
      else reactor.execute(() -> request.complete(status));
    }
  }
}
