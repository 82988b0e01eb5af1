package io.tenon.shell.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Mapping;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * Random reads and writes that check what they read. Every block holds its own number and a version; no two I/Os are in
 * flight for one block, so that a read has exactly one right answer: the last version that was acknowledged. After the time
 * is up, every block that was ever acknowledged is read once more. The device's reactor only, but for {@link #run}.
 */
final class VerifiedLoad {
  /** Latencies that are kept; later ones count, but are not in the percentiles. */
  private static final int MAX_SAMPLES = 4_000_000;

  private static final int IO_BYTES = 4096;
  private static final int VERSION_OFFSET = 8;
  private static final int SEED_OFFSET = 16;
  private static final double READ_SHARE = 0.5;

  /** A write failed: the block may hold the old or the new version. */
  private static final int UNSURE = -1;

  /**
   * What came of it.
   *
   * @param blocksChecked acknowledged blocks that were read back at the end
   * @param wrong blocks that held something else than was acknowledged
   * @param latencies of all I/Os before the last check
   */
  record Result(
      long reads,
      long writes,
      long errors,
      long wrong,
      long blocksChecked,
      long durationNs,
      long longestGapNs,
      Latencies latencies) {}

  /** Sorted latencies. */
  static final class Latencies {
    private final long[] sortedNs;

    private Latencies(long[] samples, int count) {
      this.sortedNs = Arrays.copyOf(samples, count);
      Arrays.sort(sortedNs);
    }

    int count() {
      return sortedNs.length;
    }

    /**
     * @param share 0 to 1
     */
    long percentileNs(double share) {
      if (sortedNs.length == 0) return 0;
      int index = (int) Math.ceil(share * sortedNs.length) - 1;
      return sortedNs[Math.clamp(index, 0, sortedNs.length - 1)];
    }
  }

  private final Reactor reactor;
  private final IoChannel channel;
  private final int blocksPerIo;
  private final int[] versions;
  private final boolean[] busy;
  private final Slot[] slots;
  private final Mapping memory;
  private final SplittableRandom random;
  private final long seed;
  private final long[] samples = new long[MAX_SAMPLES];
  private final CompletableFuture<Result> done;
  private final long startNs;
  private final long endNs;
  private int sampleCount;
  private long reads;
  private long writes;
  private long errors;
  private long wrong;
  private long checked;
  private long lastCompletionNs;
  private long longestGapNs;
  private long stoppedNs;
  private int nextToCheck;
  private boolean checking;
  private int idle;

  private VerifiedLoad(
      Reactor reactor,
      DeviceSlot device,
      int places,
      int depth,
      long durationNs,
      long seed,
      CompletableFuture<Result> done)
      throws LinuxException {
    this.reactor = reactor;
    this.done = done;
    this.channel = device.channel(reactor);
    this.blocksPerIo = IO_BYTES / device.geometry().blockBytes();
    this.versions = new int[places];
    this.busy = new boolean[places];
    this.memory = Mapping.ordinary((long) depth * IO_BYTES);
    this.random = new SplittableRandom(seed);
    this.seed = seed;
    this.slots = new Slot[depth];
    this.startNs = System.nanoTime();
    this.lastCompletionNs = startNs;
    this.endNs = startNs + durationNs;
    for (int i = 0; i < depth; i++) slots[i] = new Slot(memory.address() + (long) i * IO_BYTES);
  }

  /**
   * Any thread. It ends early when the result is cancelled.
   *
   * @param sizeBytes of the part of the device that is used, from its start
   */
  static CompletableFuture<Result> run(
      Reactor reactor, DeviceSlot device, long sizeBytes, int depth, long durationNs, long seed) {
    var result = new CompletableFuture<Result>();
    int places = (int) Math.min(Integer.MAX_VALUE / 8, sizeBytes / IO_BYTES);
    reactor.execute(
        () -> {
          try {
            var load = new VerifiedLoad(reactor, device, places, depth, durationNs, seed, result);
            for (var slot : load.slots) slot.next();
          } catch (LinuxException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  /** One I/O after the other. */
  private final class Slot extends IoRequest {
    private final long buffer;
    private int place;
    private int version;
    private boolean isWrite;
    private long submittedNs;

    Slot(long buffer) {
      this.buffer = buffer;
    }

    void next() {
      if (!checking && !done.isCancelled() && System.nanoTime() < endNs) {
        place = freePlace();
        isWrite = versions[place] == UNSURE || random.nextDouble() >= READ_SHARE;
      } else {
        checking = true;
        place = done.isCancelled() ? -1 : nextWritten();
        isWrite = false;
        if (place < 0) {
          idle++;
          if (idle == slots.length) finish();
          return;
        }
        checked++;
      }
      busy[place] = true;
      submittedNs = System.nanoTime();
      long lba = (long) place * blocksPerIo;
      if (isWrite) {
        version = Math.max(0, versions[place]) + 1;
        fill();
        prepareWrite(lba, blocksPerIo, buffer, IO_BYTES);
      } else {
        prepareRead(lba, blocksPerIo, buffer, IO_BYTES);
      }
      channel.submit(this);
    }

    private void fill() {
      for (int at = 0; at < IO_BYTES; at += 512) {
        Memory.putLong(buffer + at, place);
        Memory.putLong(buffer + at + VERSION_OFFSET, version);
        Memory.putLong(buffer + at + SEED_OFFSET, seed);
      }
    }

    private boolean holds(int wanted) {
      for (int at = 0; at < IO_BYTES; at += 512) {
        if (Memory.getLong(buffer + at) != place
            || Memory.getLong(buffer + at + VERSION_OFFSET) != wanted
            || Memory.getLong(buffer + at + SEED_OFFSET) != seed) {
          return false;
        }
      }
      return true;
    }

    @Override
    protected void completed(IoStatus status) {
      long nowNs = System.nanoTime();
      if (!checking || nowNs < endNs) count(nowNs - submittedNs, nowNs);
      busy[place] = false;
      if (status != IoStatus.SUCCESS) {
        errors++;
        if (isWrite) versions[place] = UNSURE;
      } else if (isWrite) {
        writes++;
        versions[place] = version;
      } else {
        reads++;
        if (versions[place] > 0 && !holds(versions[place])) wrong++;
      }
      // Not from within the completion: a device may complete inside submit, again and again.
      reactor.execute(this::next);
    }
  }

  private void count(long latencyNs, long nowNs) {
    if (sampleCount < MAX_SAMPLES) samples[sampleCount++] = latencyNs;
    longestGapNs = Math.max(longestGapNs, nowNs - lastCompletionNs);
    lastCompletionNs = nowNs;
    stoppedNs = nowNs;
  }

  private int freePlace() {
    int place = random.nextInt(versions.length);
    while (busy[place]) place = (place + 1) % versions.length;
    return place;
  }

  private int nextWritten() {
    while (nextToCheck < versions.length) {
      int place = nextToCheck++;
      if (versions[place] > 0 && !busy[place]) return place;
    }
    return -1;
  }

  private void finish() {
    channel.close();
    memory.close();
    done.complete(
        new Result(
            reads,
            writes,
            errors,
            wrong,
            checked,
            stoppedNs - startNs,
            longestGapNs,
            new Latencies(samples, sampleCount)));
  }
}
