package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The metadata store of a node: where it is, what it keeps, and that what is not used costs nothing. */
@Timeout(600)
class NodeStoreTest {
  private static final Pattern READY = Pattern.compile("ready in ");

  @TempDir private Path folder;
  private Path home;
  private Path data;

  @BeforeEach
  void unpack() throws IOException {
    home = NodeProcess.home(folder);
    data = folder.resolve("data");
  }

  private NodeProcess start() throws IOException {
    return NodeProcess.start(
        home, "--grpc", "127.0.0.1:0", "--nvme", "127.0.0.1:0", "--data", data.toString());
  }

  /** What a person is told. */
  private String shell(String... words) throws Exception {
    return NodeProcess.say(home, data, words);
  }

  @Test
  void whatAKilledNodeHasKeptTheNextOneHas() throws Exception {
    try (var node = start()) {
      node.await(READY);
      String put = shell("tenon:store", "put", "/test/a", "kept", "--expect", "0", "--force");
      assertTrue(put.contains("version 1"), put);
    }
    try (var node = start()) {
      node.await(READY);
      String got = shell("tenon:store", "get", "/test/a", "--json");
      assertTrue(got.contains("\"value\" : \"kept\""), got);
      assertEquals(0, node.terminate());
    }
  }

  @Test
  void nothingOfEtcdIsLoadedUnlessItIsConfigured() throws Exception {
    assertFalse(loaded().stream().anyMatch(NodeStoreTest::isEtcds), "loaded without a reason");
    Files.writeString(home.resolve("etc/io.tenon.metadata.cfg"), "store=etcd\n");
    Files.writeString(
        home.resolve("etc/io.tenon.metadata.etcd.cfg"), "endpoints=http://127.0.0.1:1\n");
    assertTrue(loaded().stream().anyMatch(NodeStoreTest::isEtcds), "configured and not loaded");
  }

  private static boolean isEtcds(String line) {
    return line.contains("io.etcd.") || line.contains("io.tenon.metadata.etcd.");
  }

  /** Names of all classes that a node has when it is ready. */
  private List<String> loaded() throws Exception {
    var log = folder.resolve("classes");
    try (var node =
        NodeProcess.startWith(
            "-Xlog:class+load:file=" + log,
            home,
            "--grpc",
            "127.0.0.1:0",
            "--nvme",
            "127.0.0.1:0",
            "--data",
            data.toString())) {
      node.await(READY);
      assertEquals(0, node.terminate());
    }
    var lines = Files.readAllLines(log);
    assertTrue(lines.stream().anyMatch(line -> line.contains("io.tenon.metadata.MetadataStore")));
    return lines;
  }

  @Test
  void aNodeStartsWithoutItsEtcdAndSaysSo() throws Exception {
    Files.writeString(home.resolve("etc/io.tenon.metadata.cfg"), "store=etcd\n");
    Files.writeString(
        home.resolve("etc/io.tenon.metadata.etcd.cfg"), "endpoints=http://127.0.0.1:1\n");
    try (var node = start()) {
      node.await(READY);
      String got = shell("tenon:store", "get", "/test/a");
      assertTrue(got.contains("etcd at http://127.0.0.1:1"), got);
      String status = shell("tenon:store", "status");
      assertTrue(status.contains("etcd") && status.contains("unavailable"), status);
      String health = shell("tenon:health", "store");
      assertTrue(health.contains("CRITICAL") && health.contains("etcd store"), health);
      assertFalse(Files.exists(data.resolve("metadata")), "the embedded store was opened too");
      assertEquals(
          0, node.terminateAfter("The metadata store at http://127.0.0.1:1 does not work"));
    }
  }
}
