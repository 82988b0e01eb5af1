package io.tenon.bench.local;

import io.tenon.block.IoChannel;
import io.tenon.block.testing.TestReactors;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Snapshots of a replica under load: how long nothing ends. Reads show the pause itself; writes also what it costs that each cluster is
 * copied at its first write after the snapshot.
 */
final class SnapshotPause {
  private static final int DEPTH = 16;
  private static final int CLUSTERS = 12;
  private static final int SNAPSHOTS = 10;
  private static final double NS_PER_MS = 1e6;

  /** I/Os after a snapshot, so that a gap has ended and the copies are made. */
  private static final int AFTER = 2_000;

  private final TestReactors reactors;
  private final String uri;
  private volatile boolean enough;

  private SnapshotPause(TestReactors reactors, String uri) {
    this.reactors = reactors;
    this.uri = uri;
  }

  /**
   * @param uri is formatted
   * @return one JSON object
   */
  static String measure(TestReactors reactors, String uri) throws Exception {
    return "{\"depth\":%d,\"snapshots\":%d,\"reads\":%s,\"writes\":%s}"
        .formatted(
            DEPTH,
            SNAPSHOTS,
            new SnapshotPause(reactors, uri).under(false),
            new SnapshotPause(reactors, uri).under(true));
  }

  private String under(boolean writes) throws Exception {
    var reactor = reactors.get(0);
    try (var store = new BenchStore(uri, reactors)) {
      var id = store.thick(CLUSTERS);
      var replica = store.open(id, "origin");
      long count = replica.geometry().sizeBytes() / 4096;
      var random = new SplittableRandom(1);
      LongSupplier places = () -> enough ? TimedLoad.ENOUGH : random.nextLong(count);
      IoChannel channel = TestReactors.on(reactor, () -> replica.channel(reactor));
      var load = new TimedLoad(reactor, channel, replica.geometry(), DEPTH, writes, places, 0);
      var running = Thread.ofPlatform().start(load::run);
      var quiet = new long[SNAPSHOTS];
      var paused = new long[SNAPSHOTS];
      var took = new long[SNAPSHOTS];
      await(running, load, AFTER);
      for (int i = 0; i < SNAPSHOTS; i++) {
        var _ = load.takeLongestGapNs();
        long startNs = System.nanoTime();
        store.snapshot(id, "snapshot" + i);
        took[i] = System.nanoTime() - startNs;
        await(running, load, AFTER);
        paused[i] = load.takeLongestGapNs();
        // As long again without one.
        TimeUnit.NANOSECONDS.sleep(took[i]);
        await(running, load, AFTER);
        quiet[i] = load.takeLongestGapNs();
      }
      enough = true;
      running.join();
      TestReactors.run(reactor, channel::close);
      return String.format(
          Locale.ROOT,
          "{\"create_p50_ms\":%.2f,\"longest_gap_p50_ms\":%.2f,\"longest_gap_ms\":%.2f,\"without_p50_ms\":%.2f,\"without_ms\":%.2f}",
          Samples.median(took) / NS_PER_MS,
          Samples.median(paused) / NS_PER_MS,
          Samples.percentile(paused, 1) / NS_PER_MS,
          Samples.median(quiet) / NS_PER_MS,
          Samples.percentile(quiet, 1) / NS_PER_MS);
    }
  }

  private static void await(Thread running, TimedLoad load, int more) {
    int goal = load.ended() + more;
    while (load.ended() < goal) {
      if (!running.isAlive()) throw new AssertionError("the load has ended");
      LockSupport.parkNanos(100_000);
    }
  }
}
