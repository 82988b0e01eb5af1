package io.tenon.bench.local;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoChannel;
import io.tenon.block.testing.LoopDevice;
import io.tenon.block.testing.SteadyLoad;
import io.tenon.block.testing.TestReactors;
import io.tenon.reactor.Reactor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What the path from a slot to a disk costs: {@code aio://} and {@code uring://} against fio's libaio and io_uring engines
 * on the same loop device in interleaved rounds, and {@code malloc://} and {@code null://} in nanoseconds an I/O. Prints one
 * JSON object. Needs root (loop devices) and fio for the first part, which is left out without them.
 */
public final class LocalPathBench {
  private static final long DISK_BYTES = 512L << 20;
  private static final int SECONDS = 2;

  private LocalPathBench() {}

  /** One way to do 4 KiB random I/O. */
  private record Row(String name, int depth, boolean writes, List<Double> iops) {
    double median() {
      return Samples.median(iops);
    }

    /** Of each round's own ratio, since a busy machine differs from round to round. */
    double medianRatioTo(Row other) {
      var ratios = new ArrayList<Double>();
      for (int i = 0; i < iops.size(); i++) ratios.add(iops.get(i) / other.iops().get(i));
      return Samples.median(ratios);
    }
  }

  public static void main(String[] arguments) throws Exception {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3;
    var out = new StringBuilder("{\"unit\":\"4 KiB random\",\"rows\":[");
    try (var reactors = TestReactors.start(1)) {
      out.append(String.join(",", memory(reactors, rounds)));
      if (LoopDevice.isPossible()) {
        out.append(',').append(String.join(",", disks(reactors, rounds)));
      }
    }
    System.out.println(out.append("]}"));
  }

  /** The device's own channel and one through a slot in turns, so that a busy machine disturbs both alike. */
  private static List<String> memory(TestReactors reactors, int rounds) throws Exception {
    var rows = new ArrayList<String>();
    var reactor = reactors.get(0);
    for (String uri : List.of("null:///n?size_mb=64", "malloc:///m?size_mb=64")) {
      BlockDevice device = Backends.open(uri, reactors.reactors());
      var slot = new DeviceSlot(device, uri);
      IoChannel bare = TestReactors.on(reactor, () -> device.channel(reactor));
      IoChannel slotted = TestReactors.on(reactor, () -> slot.channel(reactor));
      var times = new double[2][rounds];
      for (int round = -1; round < rounds; round++) {
        double alone = nanoseconds(reactor, bare, device);
        double through = nanoseconds(reactor, slotted, device);
        if (round < 0) continue;
        times[0][round] = alone;
        times[1][round] = through;
      }
      TestReactors.run(reactor, bare::close);
      TestReactors.run(reactor, slotted::close);
      Backends.close(slot);
      for (double[] each : times) Arrays.sort(each);
      rows.add(
          String.format(
              Locale.ROOT,
              "{\"name\":\"%s read\",\"bare_ns\":%.1f,\"slot_ns\":%.1f}",
              DeviceUri.parse(uri).scheme(),
              times[0][rounds / 2],
              times[1][rounds / 2]));
    }
    return rows;
  }

  private static double nanoseconds(Reactor reactor, IoChannel channel, BlockDevice device) {
    int requests = 2_000_000;
    var load = new SteadyLoad(reactor, channel, device.geometry(), 1, 200_000, requests, 0);
    load.run();
    return (double) load.tookNs() / requests;
  }

  private static List<String> disks(TestReactors reactors, int rounds) throws Exception {
    try (var disk = DiskFile.make(DISK_BYTES)) {
      return compare(reactors, disk.path(), rounds);
    }
  }

  private static List<String> compare(TestReactors reactors, Path disk, int rounds)
      throws Exception {
    var printed = new ArrayList<String>();
    for (String scheme : List.of("aio", "uring")) {
      for (int depth : new int[] {1, 32}) {
        for (boolean writes : new boolean[] {false, true}) {
          var ours = new Row(scheme + "://", depth, writes, new ArrayList<>());
          var fio = new Row("fio", depth, writes, new ArrayList<>());
          for (int round = 0; round < rounds; round++) {
            ours.iops().add(ours(reactors, scheme, disk, depth, writes));
            fio.iops().add(fio(scheme, disk, depth, writes));
          }
          printed.add(
              String.format(
                  Locale.ROOT,
                  "{\"name\":\"%s %s\",\"depth\":%d,\"iops\":%.0f,\"fio\":%.0f,\"ratio\":%.2f}",
                  ours.name(),
                  writes ? "write" : "read",
                  depth,
                  ours.median(),
                  fio.median(),
                  ours.medianRatioTo(fio)));
        }
      }
    }
    return printed;
  }

  private static double ours(
      TestReactors reactors, String scheme, Path disk, int depth, boolean writes) throws Exception {
    var slot = Backends.slot(scheme + "://" + disk, reactors.reactors());
    var reactor = reactors.get(0);
    IoChannel channel = TestReactors.on(reactor, () -> slot.channel(reactor));
    int share = writes ? 16 : 0;
    var probe = new SteadyLoad(reactor, channel, slot.geometry(), depth, 2_000, 10_000, share);
    probe.run();
    int requests = (int) (SECONDS * 10_000 * 1e9 / probe.tookNs());
    var load = new SteadyLoad(reactor, channel, slot.geometry(), depth, 1_000, requests, share);
    load.run();
    TestReactors.run(reactor, channel::close);
    Backends.close(slot);
    return requests * 1e9 / load.tookNs();
  }

  private static double fio(String scheme, Path disk, int depth, boolean writes)
      throws IOException {
    String said =
        LoopDevice.run(
            "fio",
            "--name=t",
            "--filename=" + disk,
            "--ioengine=" + (scheme.equals("aio") ? "libaio" : "io_uring"),
            "--direct=1",
            "--bs=4k",
            "--rw=" + (writes ? "randwrite" : "randread"),
            "--iodepth=" + depth,
            "--time_based",
            "--runtime=" + SECONDS,
            "--ramp_time=0.5",
            "--output-format=terse");
    // Terse version 3: field 8 is the IOPS of reads, field 49 of writes.
    return Double.parseDouble(said.lines().toList().getLast().split(";")[writes ? 48 : 7]);
  }
}
