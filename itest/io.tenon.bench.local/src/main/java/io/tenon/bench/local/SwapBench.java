package io.tenon.bench.local;

import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.metadata.testing.EtcdServer;
import io.tenon.reactor.Reactor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What hosts feel when a bundle of their node is replaced. A node of the distribution serves a volume over NVMe/TCP to this process, which
 * is its host; each bundle that hands over is replaced by its equal again and again, while the host does nothing, half of what it can,
 * and all that it can. Below a metadata store and the engine it is somebody who calls them. Prints one JSON object a line: the pauses as
 * the node measures them, the client's slowest answer while each swap lasts, and its slowest in as long a time without one, in turns.
 */
public final class SwapBench {
  private static final int DEPTH = 32;
  private static final int CALLERS = 4;
  private static final double CALLS_WHEN_IDLE = 100;
  private static final long DISK_BYTES = 160L << 20;
  private static final long WARM_UP_MS = 2_000;
  private static final int UNCOUNTED = 3;
  private static final int MOST_DROPS = 20;
  private static final String DROP = "drop";
  private static final String PUT = "tenon:store put /bench/key value --force";
  private static final Pattern URI = Pattern.compile("nvmf[^\\s\"]+");

  private final Path home;
  private final int rounds;

  private SwapBench(Path home, int rounds) {
    this.home = home;
    this.rounds = rounds;
  }

  /**
   * One kind that goes wrong does not take the others' figures away; the exit status is 1 then.
   *
   * @param arguments the distribution's folder, swaps of each bundle at each load, and the parts that are wanted: names of {@link
   *     SwapKind#ALL}, and {@code drop}; all if none is named
   */
  public static void main(String[] arguments) throws Exception {
    var home = Path.of(arguments[0]).toAbsolutePath();
    int rounds = Integer.parseInt(arguments[1]);
    var known = new TreeSet<>(List.of(DROP));
    for (SwapKind kind : SwapKind.ALL) known.add(kind.name());
    var parts = Parts.of(List.of(arguments).subList(2, arguments.length), known);
    var bench = new SwapBench(home, rounds);
    var missing = new ArrayList<String>();
    for (SwapKind kind : SwapKind.ALL) {
      if (parts.want(kind.name())) attempt(kind.name(), () -> bench.measure(kind), missing);
    }
    if (parts.want(DROP)) attempt(DROP, () -> drop(home, rounds), missing);
    if (missing.isEmpty()) return;
    System.err.printf("Again: TENON_BENCH_PARTS=\"%s\" ./bench swaps%n", String.join(" ", missing));
    System.exit(1);
  }

  private interface Part {
    void measure() throws Exception;
  }

  private static void attempt(String name, Part part, List<String> missing)
      throws InterruptedException {
    long startNs = System.nanoTime();
    try {
      part.measure();
      long tookNs = System.nanoTime() - startNs;
      System.err.printf("%s: done in %d s%n", name, TimeUnit.NANOSECONDS.toSeconds(tookNs));
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception | AssertionError e) {
      System.err.printf("%s was not measured to its end: %s%n", name, e);
      missing.add(name);
    }
  }

  private static void drop(Path home, int rounds) throws Exception {
    System.out.println(DropTime.measure(home, Math.min(rounds, MOST_DROPS)));
  }

  private void measure(SwapKind kind) throws Exception {
    var work = Files.createTempDirectory("tenon-bench-");
    try {
      if (kind.client() == SwapKind.Client.ETCD) {
        try (var etcd = new EtcdServer(Files.createDirectory(work.resolve("server")))) {
          measure(kind, withEtcd(work.resolve("home"), etcd.endpoint()), work);
        }
      } else {
        measure(kind, home, work);
      }
    } finally {
      delete(work);
    }
  }

  private void measure(SwapKind kind, Path nodeHome, Path work) throws Exception {
    try (var node = new BenchNode(nodeHome, work)) {
      switch (kind.client()) {
        case HOST -> underAHost(kind, node, volume(kind, node, work));
        case STORE, ETCD -> measure(kind, node, new Callers(() -> node.say(PUT)));
        case API -> {
          try (var call = new ApiCall(node.grpc())) {
            measure(kind, node, new Callers(call));
          }
        }
      }
    }
  }

  /** A copy of the distribution that keeps its metadata there. */
  private Path withEtcd(Path copy, String endpoint) throws IOException {
    try (Stream<Path> files = Files.walk(home)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, copy.resolve(home.relativize(file).toString()));
      }
    }
    var etc = copy.resolve("etc");
    Files.writeString(etc.resolve("io.tenon.metadata.cfg"), "store=etcd\n");
    Files.writeString(etc.resolve("io.tenon.metadata.etcd.cfg"), "endpoints=" + endpoint + "\n");
    return copy;
  }

  /** With a reactor of its own: what is left of a kind that went wrong is none of the next one's. */
  private void underAHost(SwapKind kind, BenchNode node, String uri) throws Exception {
    try (var reactors = TestReactors.start(1)) {
      var devices = new BenchDevices(reactors.reactors());
      var remote = devices.create(uri);
      var disconnects = new AtomicInteger();
      remote.addListener(
          new DeviceListener() {
            @Override
            public void interrupted(IoStatus how, String reason) {
              disconnects.incrementAndGet();
            }
          });
      IoChannel channel = TestReactors.on(reactors.get(0), () -> remote.channel(reactors.get(0)));
      measure(kind, node, new Host(reactors.get(0), channel, remote.geometry(), disconnects));
      TestReactors.run(reactors.get(0), channel::close);
      devices.destroy(remote);
    }
  }

  private void measure(SwapKind kind, BenchNode node, Client client) throws Exception {
    String swap = "tenon:swap %s %s --json".formatted(kind.bundle(), kind.jar(home));
    var _ = new SwapRounds(kind.name(), node, swap, UNCOUNTED).run(Optional.empty());
    if (client.whenIdle() == 0) {
      var idle = new SwapRounds(kind.name() + ", idle", node, swap, rounds).run(Optional.empty());
      print(kind, "idle", idle.idle(), client);
    } else {
      var _ = under(kind, "idle", node, swap, client, client.whenIdle());
    }
    // Until the compilers have seen it, nothing counts.
    var warming = client.load(0);
    TimeUnit.MILLISECONDS.sleep(WARM_UP_MS);
    warming.stop();
    double most = under(kind, "full", node, swap, client, 0);
    var _ = under(kind, "half", node, swap, client, most / 2);
  }

  /** Who uses what is replaced. */
  private interface Client {
    /**
     * @param wanted answers a second; 0 for as many as come
     */
    Load load(double wanted);

    /** Answers a second that count as none; 0 when the node itself measures how long something waits. */
    double whenIdle();

    /** What else is known of it, as JSON members, each with its comma. */
    String members();
  }

  /** What reads and writes the volume from this process. */
  private record Host(Reactor reactor, IoChannel channel, Geometry geometry, AtomicInteger lost)
      implements Client {
    @Override
    public Load load(double wanted) {
      return new SwapLoad(reactor, channel, geometry, DEPTH, wanted);
    }

    @Override
    public double whenIdle() {
      return 0;
    }

    @Override
    public String members() {
      return "\"disconnects\":" + lost.get() + ",";
    }
  }

  /** Who calls the node, on a few threads. A call that finds nobody is made again, and is as long as both. */
  private record Callers(CallLoad.Call call) implements Client {
    @Override
    public Load load(double wanted) {
      return new CallLoad(call, CALLERS, wanted);
    }

    @Override
    public double whenIdle() {
      return CALLS_WHEN_IDLE;
    }

    @Override
    public String members() {
      return "";
    }
  }

  /**
   * @return answers a second while nothing was replaced
   */
  private double under(
      SwapKind kind, String load, BenchNode node, String swap, Client client, double wanted)
      throws Exception {
    var name = kind.name() + ", " + load;
    var running = client.load(wanted);
    try {
      var row = new SwapRounds(name, node, swap, rounds).run(Optional.of(running));
      print(kind, load, row.loaded(wanted), client);
      return row.aSecond();
    } finally {
      running.stop();
    }
  }

  private static void print(SwapKind kind, String load, String members, Client client) {
    System.out.printf(
        "{\"bench\":\"swaps\",\"kind\":\"%s\",\"load\":\"%s\",%s%s}%n",
        kind.name(), load, client.members(), members);
  }

  private static String volume(SwapKind kind, BenchNode node, Path work) throws IOException {
    var file = work.resolve("disk");
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(DISK_BYTES);
    }
    for (String line : kind.volume()) node.say(line.replace("FILE", file.toString()));
    var uri = URI.matcher(node.say(kind.share().replace("FILE", file.toString())));
    if (!uri.find()) throw new IOException("not shared: " + kind);
    return uri.group();
  }

  static void delete(Path folder) throws IOException {
    var all = new ArrayList<Path>();
    try (Stream<Path> files = Files.walk(folder)) {
      files.forEach(all::add);
    }
    for (Path file : all.reversed()) Files.delete(file);
  }
}
