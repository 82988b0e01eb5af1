package io.tenon.bench.local;

import io.tenon.block.IoChannel;
import io.tenon.block.testing.TestReactors;
import io.tenon.nexus.Nexus.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** How long a child that was away takes to be complete again while a host goes on writing, and how much of it is copied. */
final class AwayTime {
  private static final int BURST = 10;
  private static final long BETWEEN_BURSTS_NS = 20_000_000;
  private static final double NS_PER_S = 1e9;
  private static final double MIB = 1 << 20;

  private final TestReactors reactors;
  private final BenchNexus bench;
  private final String child;
  private final SplittableRandom random = new SplittableRandom(1);
  private volatile boolean enough;

  private AwayTime(TestReactors reactors, BenchNexus bench, String child) {
    this.reactors = reactors;
    this.bench = bench;
    this.child = child;
  }

  /**
   * @param seconds to be away, one after the other
   * @return JSON objects, the last of a full rebuild
   */
  static String measure(
      TestReactors reactors, String healthy, String child, long bytes, int... seconds)
      throws Exception {
    try (var bench = new BenchNexus(reactors, bytes, List.of(healthy, child))) {
      var away = new AwayTime(reactors, bench, child);
      var writer = Thread.ofPlatform().start(away::write);
      var rows = new ArrayList<String>();
      for (int each : seconds) rows.add(away.partial(each));
      rows.add(away.full());
      away.enough = true;
      writer.join();
      return "[" + String.join(",", rows) + "]";
    }
  }

  private String partial(int seconds) throws Exception {
    bench.nexus().faultChild(child, Fault.OFFLINE);
    TimeUnit.SECONDS.sleep(seconds);
    long startNs = System.nanoTime();
    bench.nexus().onlineChild(child);
    return row("partial after %d s".formatted(seconds), startNs);
  }

  private String full() throws Exception {
    bench.nexus().removeChild(child);
    long startNs = System.nanoTime();
    bench.nexus().addChild(child, true);
    return row("full", startNs);
  }

  private String row(String name, long startNs) {
    bench.awaitComplete(child);
    double took = (System.nanoTime() - startNs) / NS_PER_S;
    var rebuild = bench.lastRebuild();
    double copied = rebuild.blocksTransferred() * rebuild.blockBytes() / MIB;
    String row =
        String.format(
            Locale.ROOT,
            "{\"name\":\"%s\",\"writes_per_s\":%d,\"seconds\":%.2f,\"copied_mib\":%.0f,\"of_mib\":%.0f}",
            name,
            BURST * (int) (NS_PER_S / BETWEEN_BURSTS_NS),
            took,
            copied,
            bench.device().geometry().sizeBytes() / MIB);
    System.err.println(row);
    return row;
  }

  /** Some writes now and then, so that what a child lacks grows with the time that it is away. */
  private void write() {
    var channel = bench.channel(bench.device());
    while (!enough) {
      burst(channel);
      LockSupport.parkNanos(BETWEEN_BURSTS_NS);
    }
    bench.close(channel);
  }

  private void burst(IoChannel channel) {
    var geometry = bench.device().geometry();
    long places = geometry.sizeBytes() / 4096;
    var left = new int[] {BURST};
    new TimedLoad(
            reactors.get(0),
            channel,
            geometry,
            1,
            true,
            () -> left[0]-- > 0 ? random.nextLong(places) : TimedLoad.ENOUGH,
            0)
        .run();
  }
}
