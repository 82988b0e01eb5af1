package io.tenon.bench.local;

import io.tenon.block.testing.LoopDevice;
import io.tenon.block.testing.TestReactors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a nexus costs, and its rebuilds. Prints one JSON object: a nexus of one to three children, local and on another node, against
 * one such child alone ({@link Turns}); full rebuilds against what the disks can do ({@link RebuildRate}); what hosts feel of them ({@link
 * HostLatency}); children that come back ({@link AwayTime}). Disks are loop devices, which need root; they are left out without.
 */
public final class NexusBench {
  private static final Set<String> PARTS =
      Set.of("path", "remote", "rebuild", "host", "disk", "away");

  private static final long DISK_BYTES = 520L << 20;
  private static final long NEXUS_BYTES = 512L << 20;
  private static final long LARGE_DISK_BYTES = 2056L << 20;
  private static final long LARGE_NEXUS_BYTES = 2048L << 20;
  private static final long PACED_NEXUS_BYTES = 512L << 20;
  private static final String FAST_DISK = PacedDisk.uri("fast", 520, 400);
  private static final String SLOW_DISK = PacedDisk.uri("slow", 520, 200);
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
    var wanted = Parts.of(List.of(arguments).subList(2, arguments.length), PARTS);
    var parts = new ArrayList<String>();
    try (var reactors = TestReactors.start(1)) {
      var bench = new NexusBench(reactors, Integer.parseInt(arguments[1]));
      if (wanted.want("path")) parts.add(part("path", bench.local()));
      if (wanted.want("remote")) parts.add(part("remote", bench.remote(home)));
      if (wanted.want("rebuild")) parts.add(part("rebuild", bench.rebuilds()));
      if (wanted.want("host")) parts.add(part("host", bench.hosts()));
      if (LoopDevice.isPossible()) {
        if (wanted.want("disk")) parts.add(part("disk", bench.disks()));
        if (wanted.want("away")) parts.add(part("away", bench.away()));
      }
    }
    System.out.println("{\"bench\":\"nexus\"," + String.join(",", parts) + "}");
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

  /**
   * Of disks whose speed nothing disturbs, the source twice as fast as the destination; of loop devices over one disk; and where memory can
   * hold files, of one over the disk and one over memory, which share nothing.
   */
  private String rebuilds() throws Exception {
    var rows = new ArrayList<String>();
    rows.add(
        new RebuildRate("paced", reactors, FAST_DISK, SLOW_DISK, PACED_NEXUS_BYTES)
            .measure(rounds));
    if (LoopDevice.isPossible()) {
      try (var a = DiskFile.make(DISK_BYTES);
          var b = DiskFile.make(DISK_BYTES)) {
        rows.add(rebuild("uring", a, b));
      }
      if (Files.isWritable(DiskFile.MEMORY)) {
        try (var disk = DiskFile.make(DISK_BYTES);
            var memory = DiskFile.make(DiskFile.MEMORY, DISK_BYTES)) {
          rows.add(rebuild("uring, from memory to disk", memory, disk));
          rows.add(rebuild("uring, from disk to memory", disk, memory));
        }
      }
    }
    return "[" + String.join(",", rows) + "]";
  }

  private String rebuild(String name, DiskFile source, DiskFile destination) throws Exception {
    return new RebuildRate(name, reactors, uri(source), uri(destination), NEXUS_BYTES)
        .measure(rounds);
  }

  private String hosts() throws Exception {
    var rows = new ArrayList<String>();
    add(rows, new HostLatency("paced", reactors, FAST_DISK, SLOW_DISK, PACED_NEXUS_BYTES));
    if (LoopDevice.isPossible()) {
      try (var a = DiskFile.make(LARGE_DISK_BYTES);
          var b = DiskFile.make(LARGE_DISK_BYTES)) {
        add(rows, new HostLatency("uring", reactors, uri(a), uri(b), LARGE_NEXUS_BYTES));
      }
    }
    return "[" + String.join(",", rows) + "]";
  }

  private void add(List<String> rows, HostLatency host) throws Exception {
    for (boolean writes : new boolean[] {false, true}) {
      rows.add(host.measure(writes, rounds));
      System.err.println(rows.getLast());
    }
  }

  private String away() throws Exception {
    try (var a = DiskFile.make(LARGE_DISK_BYTES);
        var b = DiskFile.make(LARGE_DISK_BYTES)) {
      return AwayTime.measure(reactors, uri(a), uri(b), LARGE_NEXUS_BYTES, 10, 60);
    }
  }
}
