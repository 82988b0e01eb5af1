package io.tenon.bench.local;

import io.tenon.block.testing.LoopDevice;
import io.tenon.block.testing.TestReactors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What pools cost. Prints one JSON object: a replica against the backend without a pool ({@link HitPath}), first writes to thin
 * clusters, snapshots under load, and the import of a large pool by a real node. Disks are loop devices, which need root; they are left out
 * without.
 */
public final class PoolBench {
  private static final Set<String> PARTS = Set.of("path", "first", "snapshot", "import");

  private static final long DISK_BYTES = 640L << 20;
  private static final int CLUSTERS = 96;
  private static final int FIRST_WRITES = 128;
  private static final int REPLICAS = 1_000;
  private static final String MEMORY = "malloc:///%s?size_mb=256";
  private static final int MEMORY_CLUSTERS = 32;

  private PoolBench() {}

  /**
   * @param arguments the distribution's folder, rounds, and the parts that are wanted; all if none is named
   */
  public static void main(String[] arguments) throws Exception {
    var home = Path.of(arguments[0]);
    int rounds = Integer.parseInt(arguments[1]);
    var wanted = Parts.of(List.of(arguments).subList(2, arguments.length), PARTS);
    var parts = new ArrayList<String>();
    if (wanted.want("path")) parts.add(part("path", "[" + path(rounds) + "]"));
    if (LoopDevice.isPossible()) {
      try (var disk = DiskFile.make(DISK_BYTES);
          var reactors = TestReactors.start(1)) {
        String uri = "uring://" + disk.path();
        if (wanted.want("first")) {
          parts.add(part("first_write", FirstWrites.measure(reactors, uri, FIRST_WRITES)));
        }
        if (wanted.want("snapshot")) {
          parts.add(part("snapshot", SnapshotPause.measure(reactors, uri)));
        }
      }
    }
    if (wanted.want("import")) parts.add(part("import", Imports.measure(home, REPLICAS)));
    System.out.println("{\"bench\":\"pool\"," + String.join(",", parts) + "}");
  }

  private static String part(String name, String json) {
    System.err.println(name + ": " + json);
    return "\"" + name + "\":" + json;
  }

  private static String path(int rounds) throws Exception {
    var rows = new ArrayList<String>();
    try (var reactors = TestReactors.start(1)) {
      try (var path =
          new HitPath(
              reactors,
              "malloc",
              MEMORY.formatted("raw"),
              MEMORY.formatted("pool"),
              MEMORY_CLUSTERS)) {
        add(rows, path, rounds);
      }
      if (LoopDevice.isPossible()) {
        try (var raw = DiskFile.make(DISK_BYTES);
            var pool = DiskFile.make(DISK_BYTES)) {
          for (String scheme : List.of("aio", "uring")) {
            String prefix = scheme + "://";
            try (var path =
                new HitPath(
                    reactors, scheme, prefix + raw.path(), prefix + pool.path(), CLUSTERS)) {
              add(rows, path, rounds);
            }
          }
        }
      }
    }
    return String.join(",", rows);
  }

  private static void add(List<String> rows, HitPath path, int rounds) {
    for (int depth : new int[] {1, 32}) {
      for (boolean writes : new boolean[] {false, true}) {
        rows.add(path.compare(depth, writes, rounds));
        System.err.println(rows.getLast());
      }
    }
  }
}
