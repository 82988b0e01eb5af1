package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The figures of a node with a pool, a replica and a nexus. */
@Timeout(300)
class MetricsProcessTest {
  private static final Pattern LISTENS = Pattern.compile("metrics on /127.0.0.1:(\\d+)");
  private static final Pattern READY = Pattern.compile("ready in ");
  private static final long DISK_BYTES = 256L << 20;

  @TempDir private Path folder;

  @Test
  void whatIsThereHasFigures() throws Exception {
    var home = NodeProcess.home(folder);
    Files.writeString(home.resolve("etc/io.tenon.metrics.cfg"), "port=0\n");
    var data = folder.resolve("n1");
    try (var node =
            NodeProcess.start(
                home,
                "--name",
                "n1",
                "--grpc",
                "127.0.0.1:0",
                "--nvme",
                "127.0.0.1:0",
                "--data",
                data.toString());
        var client = HttpClient.newHttpClient()) {
      var uri = URI.create("http://127.0.0.1:%s/metrics".formatted(node.await(LISTENS).group(1)));
      node.await(READY);
      NodeProcess.say(home, data, "tenon:pool", "create", "p1", "aio://" + disk());
      NodeProcess.say(home, data, "tenon:replica", "create", "p1", "r1", "--size", "64MiB");
      NodeProcess.say(
          home, data, "tenon:nexus", "create", "v1", "--size", "32MiB", "--child", "bdev:///r1");
      NodeProcess.say(home, data, "tenon:nexus", "publish", "v1");
      NodeProcess.say(home, data, "tenon:swap", "io.tenon.backend.malloc", jar(home).toString());
      var figures =
          client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
      for (String one :
          List.of(
              "diskpool_status{name=\"p1\",node=\"n1\"} 1.0",
              "diskpool_committed_size_bytes{name=\"p1\",node=\"n1\"} 6.7108864E7",
              "tenon_nexus_state{name=\"v1\",node=\"n1\",tenon_nexus_state=\"online\"} 1",
              "tenon_nexus_state{name=\"v1\",node=\"n1\",tenon_nexus_state=\"degraded\"} 0",
              "tenon_nexus_children{name=\"v1\",node=\"n1\",state=\"open\"} 1.0",
              "tenon_nexus_rebuilds{name=\"v1\",node=\"n1\"} 0.0",
              "volume_num_write_ops{node=\"n1\",pv_name=\"pvc-v1\"} 0.0",
              "tenon_swaps_total{result=\"swapped\"} 1.0")) {
        assertTrue(figures.lines().anyMatch(one::equals), one + "\n" + figures);
      }
      // What the pool has written of itself.
      assertFalse(figures.contains("diskpool_bytes_written{name=\"p1\",node=\"n1\"} 0.0"), figures);
      assertTrue(figures.contains("replica_num_read_ops{name=\"r1\",node=\"n1\""), figures);
      assertEquals(0, node.terminate());
    }
  }

  private Path disk() throws Exception {
    var disk = folder.resolve("disk");
    try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(DISK_BYTES);
    }
    return disk;
  }

  private static Path jar(Path home) throws Exception {
    try (Stream<Path> files = Files.list(home.resolve("bundles"))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("io.tenon.backend.malloc-"))
          .findFirst()
          .orElseThrow();
    }
  }
}
