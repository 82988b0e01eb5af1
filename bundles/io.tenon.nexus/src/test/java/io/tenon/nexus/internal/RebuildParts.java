package io.tenon.nexus.internal;

import io.tenon.block.CopyPace;
import io.tenon.reactor.Reactor;
import java.util.List;
import java.util.SplittableRandom;

/** A nexus in which everything that takes long is short, and rebuilds are now fast, now slow, mostly in many small pieces. */
class RebuildParts extends NexusParts {
  private final SplittableRandom random;

  RebuildParts(long seed) {
    random = new SplittableRandom(~seed);
  }

  /** Small segments, so that what is missing in a log shows. */
  @Override
  WriteLog log(int blockShift, long blockCount) {
    return new WriteLog(blockShift, blockCount, 4096);
  }

  @Override
  Checkpoint checkpoint(Reactor home, List<Lane> lanes) {
    return new Checkpoint(home, lanes, 100_000 + random.nextLong(5_000_000));
  }

  @Override
  CopyPace pace(Reactor home, List<Lane> lanes, Runnable pump) {
    int most = 1 << random.nextInt(5);
    boolean fast = random.nextInt(5) != 0;
    return new CopyPace(home, new LaneLatencies(lanes), pump) {
      private int copies;

      @Override
      public boolean isFullSpeed() {
        return fast || super.isFullSpeed();
      }

      @Override
      public int pieceBlocks(int blockShift) {
        return most < MOST_COPIES ? usualBlocks(blockShift) : super.pieceBlocks(blockShift);
      }

      @Override
      public boolean mayCopy() {
        return copies < most && super.mayCopy();
      }

      @Override
      public void copyBegins() {
        copies++;
        super.copyBegins();
      }

      @Override
      public void copyEnds(long movedBytes) {
        copies--;
        super.copyEnds(movedBytes);
      }
    };
  }
}
