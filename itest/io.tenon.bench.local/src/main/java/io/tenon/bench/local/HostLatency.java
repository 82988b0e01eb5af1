package io.tenon.bench.local;

import io.tenon.block.testing.TestReactors;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * What a host feels of a rebuild: latencies of 4 KiB I/Os while it runs and while it is paused, in turns. A rebuild that is done
 * is begun again.
 */
final class HostLatency {
  private static final int DEPTH = 8;
  private static final long TURN_NS = TimeUnit.SECONDS.toNanos(2);

  /** After a turn began; the pace looks for its level. */
  private static final long SETTLING_NS = TimeUnit.SECONDS.toNanos(1);

  private static final int MOST = 2_000_000;
  private static final double NS_PER_US = 1e3;
  private static final double MIB = 1 << 20;

  private final TestReactors reactors;
  private final String source;
  private final String destination;
  private final long bytes;
  private final SplittableRandom random = new SplittableRandom(1);

  HostLatency(TestReactors reactors, String source, String destination, long bytes) {
    this.reactors = reactors;
    this.source = source;
    this.destination = destination;
    this.bytes = bytes;
  }

  /** One JSON object. */
  String measure(String name, boolean writes, int rounds) throws Exception {
    var alone = new ArrayList<Double>();
    var together = new ArrayList<Double>();
    var ratios = new ArrayList<Double>();
    var copied = new ArrayList<Double>();
    var iops = new ArrayList<Double>();
    try (var bench = new BenchNexus(reactors, bytes, List.of(source, destination))) {
      again(bench);
      for (int round = -1; round < rounds; round++) {
        bench.nexus().pauseRebuild(destination);
        var without = load(bench, writes, SETTLING_NS);
        without = load(bench, writes, TURN_NS);
        if (round < 0) again(bench);
        else bench.nexus().resumeRebuild(destination);
        var with = load(bench, writes, SETTLING_NS);
        long before = transferred(bench);
        long startNs = System.nanoTime();
        with = load(bench, writes, TURN_NS);
        double seconds = (System.nanoTime() - startNs) / 1e9;
        long moved = transferred(bench) - before;
        boolean ended = bench.isComplete(destination);
        if (ended) again(bench);
        if (round < 0 || ended) continue; // it did not run to the end of the turn
        alone.add(p99(without));
        together.add(p99(with));
        ratios.add(p99(with) / p99(without));
        iops.add((double) with.length / without.length);
        copied.add(moved / seconds);
      }
    }
    if (ratios.isEmpty()) throw new AssertionError("every rebuild ended within a turn");
    return String.format(
        Locale.ROOT,
        "{\"name\":\"%s %s\",\"depth\":%d,\"p99_alone_us\":%.0f,\"p99_rebuilding_us\":%.0f,\"ratio\":%.2f,\"ratios\":%s,"
            + "\"iops_ratio\":%.2f,\"rebuild_mib_s\":%.1f}",
        name,
        writes ? "write" : "read",
        DEPTH,
        Samples.median(alone),
        Samples.median(together),
        Samples.median(ratios),
        Samples.text(ratios),
        Samples.median(iops),
        Samples.median(copied) / MIB);
  }

  private static double p99(long[] latenciesNs) {
    return Samples.percentile(latenciesNs, 0.99) / NS_PER_US;
  }

  private void again(BenchNexus bench) throws Exception {
    bench.nexus().removeChild(destination);
    bench.nexus().addChild(destination, true);
  }

  private static long transferred(BenchNexus bench) {
    return bench.nexus().rebuilds().stream()
        .mapToLong(one -> one.blocksTransferred() * one.blockBytes())
        .sum();
  }

  private long[] load(BenchNexus bench, boolean writes, long forNs) {
    var device = bench.device();
    long places = device.geometry().sizeBytes() / 4096;
    long endNs = System.nanoTime() + forNs;
    var channel = bench.channel(device);
    var load =
        new TimedLoad(
            reactors.get(0),
            channel,
            device.geometry(),
            DEPTH,
            writes,
            () -> System.nanoTime() < endNs ? random.nextLong(places) : TimedLoad.ENOUGH,
            MOST);
    load.run();
    bench.close(channel);
    return load.latenciesNs();
  }
}
