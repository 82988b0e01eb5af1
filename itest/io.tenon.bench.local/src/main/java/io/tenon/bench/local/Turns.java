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
import java.util.function.ToDoubleFunction;

/** Two ways to the same kind of device in short turns: whatever else the machine does disturbs both alike. */
final class Turns {
  private static final double TURN_NS = 0.1e9;
  private static final int WARM_UP = 64;
  private static final int CALIBRATION = 2_000;
  private static final int UNCOUNTED = 4;

  private final String name;
  private final Reactor reactor;
  private final String below;
  private final DeviceSlot raw;
  private final String above;
  private final DeviceSlot other;

  /**
   * @param below what {@code raw} is called in the results
   * @param raw at least as large as the other
   * @param above what {@code other} is called in the results
   */
  Turns(
      String name,
      TestReactors reactors,
      String below,
      DeviceSlot raw,
      String above,
      DeviceSlot other) {
    this.name = name;
    this.reactor = reactors.get(0);
    this.below = below;
    this.raw = raw;
    this.above = above;
    this.other = other;
  }

  /** What a turn cost an I/O, in nanoseconds: of time, and of the reactor's thread. */
  private record Cost(double ns, double cpuNs) {}

  /** One JSON object; the ratio is that of I/Os a second, the upper way's to the lower one's. */
  String compare(int depth, boolean writes, int rounds) {
    // Both use as much of their device.
    var part = other.geometry();
    IoChannel ofRaw = TestReactors.on(reactor, () -> raw.channel(reactor));
    IoChannel ofOther = TestReactors.on(reactor, () -> other.channel(reactor));
    try {
      double probed = turn(ofRaw, part, depth, writes, CALIBRATION).ns;
      probed = Math.min(probed, turn(ofOther, part, depth, writes, CALIBRATION).ns);
      int requests = (int) Math.max(CALIBRATION, TURN_NS / probed);
      // The compilers see both paths before anything counts.
      for (int i = 0; i < UNCOUNTED; i++) {
        turn(ofOther, part, depth, writes, requests);
        turn(ofRaw, part, depth, writes, requests);
      }
      var bare = new ArrayList<Cost>();
      var through = new ArrayList<Cost>();
      for (int round = 0; round < rounds; round++) {
        if (round % 2 == 0) bare.add(turn(ofRaw, part, depth, writes, requests));
        through.add(turn(ofOther, part, depth, writes, requests));
        if (round % 2 == 1) bare.add(turn(ofRaw, part, depth, writes, requests));
      }
      return row(depth, writes, bare, through);
    } finally {
      TestReactors.run(reactor, ofRaw::close);
      TestReactors.run(reactor, ofOther::close);
    }
  }

  private String row(int depth, boolean writes, List<Cost> bare, List<Cost> through) {
    var sorted = ratios(bare, through, Cost::ns).stream().sorted().toList();
    return String.format(
        Locale.ROOT,
        "{\"name\":\"%s %s\",\"depth\":%d,\"%s_ns\":%.0f,\"%s_ns\":%.0f,\"ratio\":%.3f,\"quartiles\":[%.3f,%.3f],"
            + "\"more_cpu_ns\":%.0f,\"cpu_ratio\":%.3f}",
        name,
        writes ? "write" : "read",
        depth,
        below,
        median(bare, Cost::ns),
        above,
        median(through, Cost::ns),
        Samples.median(sorted),
        sorted.get(sorted.size() / 4),
        sorted.get(sorted.size() * 3 / 4),
        median(through, Cost::cpuNs) - median(bare, Cost::cpuNs),
        Samples.median(ratios(bare, through, Cost::cpuNs)));
  }

  /** Of each round. */
  private static List<Double> ratios(
      List<Cost> bare, List<Cost> through, ToDoubleFunction<Cost> what) {
    var ratios = new ArrayList<Double>();
    for (int i = 0; i < bare.size(); i++) {
      ratios.add(what.applyAsDouble(bare.get(i)) / what.applyAsDouble(through.get(i)));
    }
    return ratios;
  }

  private static double median(List<Cost> costs, ToDoubleFunction<Cost> what) {
    return Samples.median(costs.stream().map(what::applyAsDouble).toList());
  }

  private Cost turn(IoChannel channel, Geometry part, int depth, boolean writes, int requests) {
    var load = new SteadyLoad(reactor, channel, part, depth, WARM_UP, requests, writes ? 16 : 0);
    load.run();
    return new Cost((double) load.tookNs() / requests, (double) load.cpuNs() / requests);
  }
}
