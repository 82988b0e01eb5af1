package io.tenon.bench.local;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.testing.SteadyLoad;
import io.tenon.block.testing.TestReactors;
import io.tenon.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A replica whose clusters are allocated against a device of the same backend without a pool, in short turns: whatever else the machine
 * does disturbs both alike.
 */
final class HitPath implements AutoCloseable {
  private static final double TURN_NS = 0.1e9;
  private static final int WARM_UP = 64;

  private final TestReactors reactors;
  private final String scheme;
  private final DeviceSlot raw;
  private final BenchStore store;
  private final DeviceSlot replica;

  /**
   * @param rawUri device of its own, at least as large as the replica
   * @param poolUri is formatted
   */
  HitPath(TestReactors reactors, String scheme, String rawUri, String poolUri, long clusters)
      throws Exception {
    this.reactors = reactors;
    this.scheme = scheme;
    raw = Backends.slot(rawUri, reactors.reactors());
    store = new BenchStore(poolUri, reactors);
    replica = store.open(store.thick(clusters), "replica");
  }

  /** One JSON object. */
  String compare(int depth, boolean writes, int rounds) {
    var reactor = reactors.get(0);
    // Both use as much of their device.
    var part = replica.geometry();
    IoChannel ofRaw = TestReactors.on(reactor, () -> raw.channel(reactor));
    IoChannel ofReplica = TestReactors.on(reactor, () -> replica.channel(reactor));
    try {
      int calibration = 2_000;
      double probed = turn(reactor, ofRaw, part, depth, writes, calibration);
      probed = Math.min(probed, turn(reactor, ofReplica, part, depth, writes, calibration));
      int requests = (int) Math.max(calibration, TURN_NS / probed);
      // The compilers see both paths before anything counts.
      for (int i = 0; i < 4; i++) {
        turn(reactor, ofReplica, part, depth, writes, requests);
        turn(reactor, ofRaw, part, depth, writes, requests);
      }
      var rawNs = new ArrayList<Double>();
      var replicaNs = new ArrayList<Double>();
      var ratios = new ArrayList<Double>();
      for (int round = 0; round < rounds; round++) {
        boolean replicaFirst = round % 2 == 1;
        double of = replicaFirst ? turn(reactor, ofReplica, part, depth, writes, requests) : 0;
        double bare = turn(reactor, ofRaw, part, depth, writes, requests);
        if (!replicaFirst) of = turn(reactor, ofReplica, part, depth, writes, requests);
        rawNs.add(bare);
        replicaNs.add(of);
        ratios.add(bare / of);
      }
      return row(depth, writes, rawNs, replicaNs, ratios);
    } finally {
      TestReactors.run(reactor, ofRaw::close);
      TestReactors.run(reactor, ofReplica::close);
    }
  }

  private String row(
      int depth, boolean writes, List<Double> raw, List<Double> replica, List<Double> ratios) {
    var sorted = ratios.stream().sorted().toList();
    return String.format(
        Locale.ROOT,
        "{\"name\":\"%s %s\",\"depth\":%d,\"raw_ns\":%.0f,\"replica_ns\":%.0f,\"ratio\":%.3f,\"quartiles\":[%.3f,%.3f]}",
        scheme,
        writes ? "write" : "read",
        depth,
        Samples.median(raw),
        Samples.median(replica),
        Samples.median(ratios),
        sorted.get(sorted.size() / 4),
        sorted.get(sorted.size() * 3 / 4));
  }

  /**
   * @return nanoseconds an I/O
   */
  private static double turn(
      Reactor reactor, IoChannel channel, Geometry part, int depth, boolean writes, int requests) {
    var load = new SteadyLoad(reactor, channel, part, depth, WARM_UP, requests, writes ? 16 : 0);
    load.run();
    return (double) load.tookNs() / requests;
  }

  @Override
  public void close() throws Exception {
    store.close();
    Backends.close(raw);
  }
}
