package io.tenon.bench.local;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.testing.TestReactors;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/** What the first write to a cluster of a thin replica takes, one at a time and many together; and a second one, for comparison. */
final class FirstWrites {
  private static final int DEPTH = 32;
  private static final double NS_PER_MS = 1e6;
  private static final long PLACES_PER_CLUSTER = BenchStore.CLUSTER_BYTES / 4096;

  private FirstWrites() {}

  /**
   * @param uri is formatted
   * @param clusters half for those that come alone, half for those that come together
   * @return one JSON object
   */
  static String measure(TestReactors reactors, String uri, int clusters) throws Exception {
    try (var store = new BenchStore(uri, reactors)) {
      var replica = store.open(store.thin(clusters), "thin");
      int half = clusters / 2;
      var alone = write(reactors, replica, 1, 0, half);
      var again = write(reactors, replica, 1, 0, half);
      long startNs = System.nanoTime();
      var together = write(reactors, replica, DEPTH, half, clusters);
      double seconds = (System.nanoTime() - startNs) / 1e9;
      return String.format(
          Locale.ROOT,
          "{\"cluster_mib\":%d,\"depth_1_ms\":{\"p50\":%.3f,\"p99\":%.3f},\"second_write_ms\":{\"p50\":%.3f,\"p99\":%.3f},"
              + "\"depth_%d\":{\"clusters_per_s\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}}",
          BenchStore.CLUSTER_BYTES >> 20,
          ms(alone, 0.5),
          ms(alone, 0.99),
          ms(again, 0.5),
          ms(again, 0.99),
          DEPTH,
          (clusters - half) / seconds,
          ms(together, 0.5),
          ms(together, 0.99));
    }
  }

  private static double ms(long[] latenciesNs, double share) {
    return Samples.percentile(latenciesNs, share) / NS_PER_MS;
  }

  /** One write of 4 KiB to each cluster from {@code first} to {@code end}. */
  private static long[] write(
      TestReactors reactors, DeviceSlot replica, int depth, int first, int end) {
    var reactor = reactors.get(0);
    IoChannel channel = TestReactors.on(reactor, () -> replica.channel(reactor));
    var next = new AtomicInteger(first);
    LongSupplier places =
        () -> {
          int cluster = next.getAndIncrement();
          return cluster < end ? cluster * PLACES_PER_CLUSTER : TimedLoad.ENOUGH;
        };
    var load =
        new TimedLoad(reactor, channel, replica.geometry(), depth, true, places, end - first);
    load.run();
    TestReactors.run(reactor, channel::close);
    return load.latenciesNs();
  }
}
