package io.tenon.block.testing;

import com.sun.management.ThreadMXBean;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/** Plain 4 KiB writes and reads in turn, for measuring: how much the reactor's thread allocates, how long it takes. */
public final class SteadyLoad extends Load {
  private static final int BYTES = 4096;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final Reactor reactor;
  private final int depth;
  private final int blocksPerRequest;
  private final long places;
  private final int writesIn16;
  private int warmUp;
  private int left;
  private long next = 1;
  private long allocatedBefore;
  private long allocated = -1;
  private long startedNs;
  private long tookNs;
  private long cpuBeforeNs;
  private long cpuNs;

  /**
   * @param warmUp requests before anything is measured
   * @param measured requests that are
   * @param writesIn16 how many of 16 requests write
   */
  public SteadyLoad(
      Reactor reactor,
      IoChannel channel,
      Geometry geometry,
      int depth,
      int warmUp,
      int measured,
      int writesIn16) {
    super(reactor, channel, depth, BYTES);
    this.reactor = reactor;
    this.depth = depth;
    this.blocksPerRequest = BYTES / geometry.blockBytes();
    this.places = geometry.blockCount() / blocksPerRequest;
    this.warmUp = warmUp;
    this.left = measured;
    this.writesIn16 = writesIn16;
  }

  @Override
  protected boolean prepare(Leg leg) {
    if (warmUp > 0) {
      warmUp--;
      if (warmUp == 0) startMeasuring();
    } else if (left > 0) {
      left--;
      if (left == 0) stopMeasuring();
    } else {
      return false;
    }
    // A fixed walk over the device: xorshift.
    next ^= next << 13;
    next ^= next >>> 7;
    next ^= next << 17;
    long lba = Long.remainderUnsigned(next, places) * blocksPerRequest;
    if ((next >>> 40 & 15) < writesIn16) {
      leg.prepareWrite(lba, blocksPerRequest, leg.memory(), BYTES);
    } else {
      leg.prepareRead(lba, blocksPerRequest, leg.memory(), BYTES);
    }
    return true;
  }

  private void startMeasuring() {
    allocatedBefore = threads.getCurrentThreadAllocatedBytes();
    cpuBeforeNs = threads.getCurrentThreadCpuTime();
    startedNs = System.nanoTime();
  }

  private void stopMeasuring() {
    tookNs = System.nanoTime() - startedNs;
    cpuNs = threads.getCurrentThreadCpuTime() - cpuBeforeNs;
    allocated = threads.getCurrentThreadAllocatedBytes() - allocatedBefore;
  }

  @Override
  protected @Nullable String check(Leg leg, IoStatus status) {
    return status.isSuccess() ? null : leg + " ended with " + status;
  }

  /** Bytes that the reactor's thread allocated while measured. */
  public long allocatedBytes() {
    return allocated;
  }

  public long tookNs() {
    return tookNs;
  }

  /** What the reactor's thread ran of {@link #tookNs}: also on a busy machine, only that. */
  public long cpuNs() {
    return cpuNs;
  }

  @Override
  public String toString() {
    return "4 KiB at depth " + depth + " on " + reactor.name();
  }
}
