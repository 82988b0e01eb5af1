package io.tenon.bench.local;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;

/** A sparse pool of 1 TiB with many replicas: how long a node needs to import it, after an export and after a SIGKILL, and its memory. */
final class Imports {
  private static final long DISK_BYTES = 1L << 40;
  private static final double NS_PER_S = 1e9;
  private static final double KIB = 1024;
  private static final double MIB = KIB * KIB;

  private final Path home;
  private final Path work;
  private final String disk;
  private final int replicas;

  private Imports(Path home, Path work, int replicas) {
    this.home = home;
    this.work = work;
    this.disk = work.resolve("disk").toString();
    this.replicas = replicas;
  }

  /** What one import took, and what the replicas weigh. */
  private record Import(double seconds, long liveBytes, long residentBytes) {}

  /** One JSON object. */
  static String measure(Path home, int replicas) throws IOException, InterruptedException {
    var work = Files.createTempDirectory("tenon-bench-");
    try {
      return new Imports(home, work, replicas).measure();
    } finally {
      try (var files = Files.walk(work)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
      }
    }
  }

  private String measure() throws IOException, InterruptedException {
    try (var file = new RandomAccessFile(disk, "rw")) {
      file.setLength(DISK_BYTES);
    }
    double made = make();
    var unclean = load(false);
    var clean = load(true);
    return String.format(
        Locale.ROOT,
        "{\"disk_tib\":%d,\"replicas\":%d,\"create_ms_per_replica\":%.2f,\"unclean_s\":%.2f,\"clean_s\":%.2f,"
            + "\"live_kib_per_replica\":%.1f,\"resident_mib_more\":%.1f}",
        DISK_BYTES >> 40,
        replicas,
        1000 * made / replicas,
        unclean.seconds(),
        clean.seconds(),
        clean.liveBytes() / KIB / replicas,
        clean.residentBytes() / MIB);
  }

  /**
   * Half of the replicas are thick: their maps are full. Ends with SIGKILL.
   *
   * @return seconds
   */
  private double make() throws IOException, InterruptedException {
    try (var node = new BenchNode(home, work)) {
      var _ = node.say("tenon:pool create bench 'aio://" + disk + "'");
      long startNs = System.nanoTime();
      for (int i = 0; i < replicas; i++) {
        String thin = i % 2 == 0 ? " --thin" : "";
        var _ = node.say("tenon:replica create bench r" + i + " --size 1GiB" + thin);
      }
      double seconds = (System.nanoTime() - startNs) / NS_PER_S;
      node.kill();
      return seconds;
    }
  }

  /** After an unclean end the pool is exported, and so clean for the next. */
  private Import load(boolean clean) throws IOException, InterruptedException {
    // The import is to be timed, not found done.
    Files.deleteIfExists(work.resolve("data/pools.json"));
    try (var node = new BenchNode(home, work)) {
      long liveBefore = node.liveBytes();
      long residentBefore = node.residentBytes();
      long startNs = System.nanoTime();
      String said = node.say("tenon:pool import bench 'aio://" + disk + "'");
      double seconds = (System.nanoTime() - startNs) / NS_PER_S;
      if (!said.lines().anyMatch(line -> line.matches("replicas +" + replicas))) {
        throw new IOException("not all replicas are there: " + said);
      }
      long resident = node.residentBytes() - residentBefore;
      long live = node.liveBytes() - liveBefore;
      if (!clean) {
        var _ = node.say("tenon:pool export bench");
      }
      return new Import(seconds, live, resident);
    }
  }
}
