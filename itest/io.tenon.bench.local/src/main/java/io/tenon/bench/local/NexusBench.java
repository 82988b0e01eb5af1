package io.tenon.bench.local;

import io.tenon.block.testing.LoopDevice;
import io.tenon.block.testing.TestReactors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a nexus costs, and its rebuilds. Prints one JSON object: a nexus of one to three children, local and on another node, against
 * one such child alone ({@link Turns}); full rebuilds against what the disks can do ({@link RebuildRate}); what hosts feel of them ({@link
 * HostLatency}); children that come back ({@link AwayTime}). Disks are loop devices, which need root; they are left out without.
 */
public final class NexusBench {
  private static final long DISK_BYTES = 520L << 20;
  private static final long NEXUS_BYTES = 512L << 20;
  private static final long LARGE_DISK_BYTES = 2056L << 20;
  private static final long LARGE_NEXUS_BYTES = 2048L << 20;
  private static final int MOST_CHILDREN = 3;
  private static final int MEMORY_MIB = 72;
  private static final long MEMORY_BYTES = 64L << 20;
  private static final Pattern URI = Pattern.compile("nvmf[^\\s\"]+");

  private final TestReactors reactors;
  private final int rounds;

  private NexusBench(TestReactors reactors, int rounds) {
    this.reactors = reactors;
    this.rounds = rounds;
  }

  /**
   * @param arguments the distribution's folder, rounds, and the parts that are wanted; all if none is named
   */
  public static void main(String[] arguments) throws Exception {
    var home = Path.of(arguments[0]);
    var wanted = List.of(arguments).subList(2, arguments.length);
    var parts = new ArrayList<String>();
    try (var reactors = TestReactors.start(1)) {
      var bench = new NexusBench(reactors, Integer.parseInt(arguments[1]));
      if (wants(wanted, "path")) parts.add(part("path", bench.local()));
      if (wants(wanted, "remote")) parts.add(part("remote", bench.remote(home)));
      if (LoopDevice.isPossible()) {
        if (wants(wanted, "disk")) parts.add(part("disk", bench.disks()));
        if (wants(wanted, "rebuild")) parts.add(part("rebuild", bench.rebuilds()));
        if (wants(wanted, "host")) parts.add(part("host", bench.hosts()));
        if (wants(wanted, "away")) parts.add(part("away", bench.away()));
      }
    }
    System.out.println("{\"bench\":\"nexus\"," + String.join(",", parts) + "}");
  }

  private static boolean wants(List<String> wanted, String part) {
    return wanted.isEmpty() || wanted.contains(part);
  }

  private static String part(String name, String json) {
    System.err.println(name + ": " + json);
    return "\"" + name + "\":" + json;
  }

  private String local() throws Exception {
    var children = new ArrayList<String>();
    for (int i = 0; i < MOST_CHILDREN; i++) {
      children.add("malloc:///m%d?size_mb=%d".formatted(i, MEMORY_MIB));
    }
    return paths("malloc", children, MEMORY_BYTES);
  }

  /** Children on another node on this machine. */
  private String remote(Path home) throws Exception {
    var work = Files.createTempDirectory("tenon-bench-");
    try (var node = new BenchNode(home, work)) {
      var children = new ArrayList<String>();
      for (int i = 0; i < MOST_CHILDREN; i++) {
        node.say("tenon:device create malloc:///r%d?size_mb=%d".formatted(i, MEMORY_MIB));
        var uri = URI.matcher(node.say("tenon:share create r%d --json".formatted(i)));
        if (!uri.find()) throw new IOException("not shared");
        children.add(uri.group());
      }
      return paths("nvmf+tcp", children, MEMORY_BYTES);
    }
  }

  private String disks() throws Exception {
    try (var a = DiskFile.make(DISK_BYTES);
        var b = DiskFile.make(DISK_BYTES)) {
      return paths("uring", List.of(uri(a), uri(b)), NEXUS_BYTES);
    }
  }

  private static String uri(DiskFile disk) {
    return "uring://" + disk.path();
  }

  /** A nexus of the first child, of the first two and so on, each against the first child past the nexus. */
  private String paths(String name, List<String> children, long bytes) throws Exception {
    var rows = new ArrayList<String>();
    for (int count = 1; count <= children.size(); count++) {
      try (var bench = new BenchNexus(reactors, bytes, children.subList(0, count))) {
        var child = bench.child(children.getFirst());
        var turns =
            new Turns(
                "%s, children: %d,".formatted(name, count),
                reactors,
                "child",
                child,
                "nexus",
                bench.device());
        for (int depth : new int[] {1, 32}) {
          for (boolean writes : new boolean[] {false, true}) {
            rows.add(turns.compare(depth, writes, rounds));
            System.err.println(rows.getLast());
          }
        }
      }
    }
    return "[" + String.join(",", rows) + "]";
  }

  private String rebuilds() throws Exception {
    try (var a = DiskFile.make(DISK_BYTES);
        var b = DiskFile.make(DISK_BYTES)) {
      var disks = new RebuildRate("uring", reactors, uri(a), uri(b), NEXUS_BYTES);
      return "[" + disks.measure(rounds) + "]";
    }
  }

  private String hosts() throws Exception {
    var rows = new ArrayList<String>();
    try (var a = DiskFile.make(LARGE_DISK_BYTES);
        var b = DiskFile.make(LARGE_DISK_BYTES)) {
      var host = new HostLatency(reactors, uri(a), uri(b), LARGE_NEXUS_BYTES);
      for (boolean writes : new boolean[] {false, true}) {
        rows.add(host.measure("uring", writes, rounds));
        System.err.println(rows.getLast());
      }
    }
    return "[" + String.join(",", rows) + "]";
  }

  private String away() throws Exception {
    try (var a = DiskFile.make(LARGE_DISK_BYTES);
        var b = DiskFile.make(LARGE_DISK_BYTES)) {
      return AwayTime.measure(reactors, uri(a), uri(b), LARGE_NEXUS_BYTES, 10, 60);
    }
  }
}
