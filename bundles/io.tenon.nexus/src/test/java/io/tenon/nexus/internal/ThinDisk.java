package io.tenon.nexus.internal;

import io.tenon.block.AllocationQuery;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.testing.ForwardingDevice;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.SimDisk;
import java.util.SplittableRandom;

/**
 * A simulated disk that says where it holds data: as of some moment between question and answer, sometimes of a part only, and sometimes it
 * does not know. Where it is gone, it never does.
 */
final class ThinDisk extends ForwardingDevice {
  private static final long MOST_DELAY_NS = 300_000;

  private final SimDisk disk;
  private final SplittableRandom random;

  ThinDisk(SimDisk disk, SplittableRandom random) {
    super(disk);
    this.disk = disk;
    this.random = random;
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return new Channel(reactor, disk.channel(reactor));
  }

  private final class Channel extends IoChannel {
    private final Reactor reactor;
    private final IoChannel next;
    private int asked;

    Channel(Reactor reactor, IoChannel next) {
      this.reactor = reactor;
      this.next = next;
    }

    @Override
    protected void take(IoRequest request) {
      pass(request, next);
    }

    @Override
    protected void look(AllocationQuery query) {
      if (random.nextInt(3) == 0) {
        answer(query);
        return;
      }
      asked++;
      reactor.schedule(1 + random.nextLong(MOST_DELAY_NS), () -> lookLater(query));
    }

    /** What is seen now is known later. */
    private void lookLater(AllocationQuery query) {
      boolean allocated = isAllocated(query);
      long alike = alike(query);
      reactor.schedule(
          1 + random.nextLong(MOST_DELAY_NS),
          () -> {
            asked--;
            query.answer(allocated, alike);
          });
    }

    private void answer(AllocationQuery query) {
      query.answer(isAllocated(query), alike(query));
    }

    private boolean isAllocated(AllocationQuery query) {
      return disk.isCrashed() || disk.isLost() || disk.stampAt(query.lba()) != 0;
    }

    private long alike(AllocationQuery query) {
      if (disk.isCrashed() || disk.isLost()) return query.blocks();
      boolean first = disk.stampAt(query.lba()) != 0;
      long most = random.nextInt(4) == 0 ? 1 + random.nextLong(query.blocks()) : query.blocks();
      long alike = 1;
      while (alike < most && (disk.stampAt(query.lba() + alike) != 0) == first) alike++;
      return alike;
    }

    @Override
    public boolean consumesInline() {
      return next.consumesInline();
    }

    @Override
    public boolean lendsMemory() {
      return next.lendsMemory();
    }

    @Override
    public void close() {
      if (asked != 0) throw new AssertionError(name() + ": channel closed with a question open");
      next.close();
    }
  }
}
