package io.tenon.bench.nvmf;

import java.util.ArrayList;
import java.util.List;

/**
 * One row of the table: random I/O.
 *
 * @param bytes of one I/O
 * @param depth I/Os in flight, over all connections
 */
record Workload(boolean writes, int bytes, int depth, int connections) {
  static final int SMALL = 4096;
  static final int LARGE = 131_072;

  static List<Workload> all() {
    var rows = new ArrayList<Workload>();
    for (boolean writes : List.of(false, true)) {
      for (int depth : List.of(1, 8, 32, 128)) rows.add(new Workload(writes, SMALL, depth, 1));
    }
    rows.add(new Workload(false, LARGE, 32, 1));
    rows.add(new Workload(true, LARGE, 32, 1));
    for (int connections : List.of(8, 32)) {
      rows.add(new Workload(false, SMALL, 128, connections));
      rows.add(new Workload(true, SMALL, 128, connections));
    }
    return rows;
  }

  String name() {
    return "%d KiB random %s".formatted(bytes >> 10, writes ? "write" : "read");
  }

  @Override
  public String toString() {
    return "%s, depth %d, %d connections".formatted(name(), depth, connections);
  }
}
