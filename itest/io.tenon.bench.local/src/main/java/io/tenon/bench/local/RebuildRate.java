package io.tenon.bench.local;

import io.tenon.block.testing.TestReactors;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A full rebuild without hosts against what its disks can do: the source read, the destination written, and both at the same time, for they may
 * share a disk below. In turns.
 */
final class RebuildRate {
  private static final double MIB = 1 << 20;

  private final String name;
  private final TestReactors reactors;
  private final String source;
  private final String destination;
  private final long bytes;

  /**
   * @param bytes of the nexus; both children have room for it
   */
  RebuildRate(String name, TestReactors reactors, String source, String destination, long bytes) {
    this.name = name;
    this.reactors = reactors;
    this.source = source;
    this.destination = destination;
    this.bytes = bytes;
  }

  /** One JSON object. */
  String measure(int rounds) throws Exception {
    var reads = new ArrayList<Double>();
    var writes = new ArrayList<Double>();
    var boths = new ArrayList<Double>();
    var rebuilds = new ArrayList<Double>();
    var ofSlower = new ArrayList<Double>();
    var ofBoth = new ArrayList<Double>();
    try (var bench = new BenchNexus(reactors, bytes, List.of(source, destination))) {
      long data = bench.device().geometry().sizeBytes();
      // All of it is there before anything is copied.
      sequential(bench, source, data, true);
      for (int round = -1; round < rounds; round++) {
        double read = sequential(bench, source, data, false);
        double write = sequential(bench, destination, data, true);
        double both = both(bench, data);
        double rebuild = rebuild(bench, data);
        if (round < 0) continue; // the compilers look on
        reads.add(read);
        writes.add(write);
        boths.add(both);
        rebuilds.add(rebuild);
        ofSlower.add(rebuild / Math.min(read, write));
        ofBoth.add(rebuild / both);
      }
    }
    return String.format(
        Locale.ROOT,
        "{\"name\":\"%s\",\"mib\":%.0f,\"read_mib_s\":%.0f,\"write_mib_s\":%.0f,\"both_mib_s\":%.0f,\"rebuild_mib_s\":%.0f,"
            + "\"of_slower\":%.3f,\"of_both\":%.3f,\"of_both_rounds\":%s}",
        name,
        bytes / MIB,
        Samples.median(reads) / MIB,
        Samples.median(writes) / MIB,
        Samples.median(boths) / MIB,
        Samples.median(rebuilds) / MIB,
        Samples.median(ofSlower),
        Samples.median(ofBoth),
        Samples.text(ofBoth));
  }

  private double sequential(BenchNexus bench, String child, long data, boolean write) {
    var device = bench.child(child);
    var channel = bench.channel(device);
    try {
      return SequentialLoad.rate(reactors.get(0), channel, device.geometry(), data, write);
    } finally {
      bench.close(channel);
    }
  }

  private double both(BenchNexus bench, long data) throws InterruptedException {
    long startNs = System.nanoTime();
    var reader = Thread.ofPlatform().start(() -> sequential(bench, source, data, false));
    sequential(bench, destination, data, true);
    reader.join();
    return data * 1e9 / (System.nanoTime() - startNs);
  }

  private double rebuild(BenchNexus bench, long data) throws Exception {
    bench.nexus().removeChild(destination);
    bench.nexus().addChild(destination, false);
    long startNs = System.nanoTime();
    bench.nexus().startRebuild(destination);
    bench.awaitComplete(destination);
    return data * 1e9 / (System.nanoTime() - startNs);
  }
}
