package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pools and real nodes that are killed, and a disk that moves. */
@Timeout(600)
class PoolRestartTest {
  private static final Pattern READY = Pattern.compile("ready in [0-9.]+ s:");
  private static final long DISK_BYTES = 128 << 20;
  private static final long PATIENCE_SECONDS = 120;

  @TempDir private Path folder;
  private Path home;
  private Path disk;

  @BeforeEach
  void prepare() throws IOException {
    home = NodeProcess.home(folder);
    disk = folder.resolve("disk");
    try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(DISK_BYTES);
    }
  }

  private NodeProcess start(String name) throws IOException {
    var node =
        NodeProcess.start(
            home,
            "--name",
            name,
            "--grpc",
            "127.0.0.1:0",
            "--nvme",
            "127.0.0.1:0",
            "--data",
            folder.resolve(name).toString());
    node.await(READY);
    return node;
  }

  private String say(String node, String... words) throws Exception {
    return NodeProcess.say(home, folder.resolve(node), words);
  }

  private void must(String node, String expected, String... words) throws Exception {
    var answer = say(node, words);
    assertTrue(answer.contains(expected), () -> String.join(" ", words) + " said " + answer);
  }

  private String eventually(String node, String expected, String... words) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      var answer = say(node, words);
      if (answer.contains(expected)) return answer;
      assertTrue(System.nanoTime() < deadline, "never " + expected + ", but " + answer);
    }
  }

  @Test
  void aKilledNodesPoolIsBackWithItsSharesAndStaysWhereItWasMoved() throws Exception {
    String hosts;
    try (var _ = start("a")) {
      must("a", "ONLINE", "tenon:pool", "create", "fast0", disk.toString());
      must("a", "r1", "tenon:replica", "create", "fast0", "r1", "--size", "64MiB", "--thin");
      must("a", "nvmf", "tenon:replica", "share", "r1", "--host", "nqn.2014-08.org.example:h");
      must("a", "r2", "tenon:replica", "create", "fast0", "r2", "--size", "32MiB");
      hosts = line(say("a", "tenon:replica", "show", "r1"), "allowed_hosts");
    }
    // It was killed. Its disk comes late.
    var away = folder.resolve("away");
    Files.move(disk, away);
    try (var _ = start("a")) {
      eventually("a", "no such file", "tenon:pool", "show", "fast0");
      must("a", "ABSENT", "tenon:pool", "list");
      Files.move(away, disk);
      eventually("a", "ONLINE", "tenon:pool", "list");
      var replica = say("a", "tenon:replica", "show", "r1");
      assertEquals(hosts, line(replica, "allowed_hosts"));
      assertTrue(line(replica, "uri").contains("nvmf+tcp://"), replica);
      must("a", "wrong", "tenon:load", "run", "r2", "--seconds", "1");
    }
    try (var _ = start("b")) {
      must("b", "ONLINE", "tenon:pool", "import", disk.toString());
    }
    try (var node = start("a")) {
      eventually("a", "served by node b", "tenon:pool", "show", "fast0");
      must("a", "ONLINE", "tenon:pool", "import", disk.toString());
      assertEquals(0, node.terminate());
    }
    try (var _ = start("a")) {
      eventually("a", "ONLINE", "tenon:pool", "list");
    }
  }

  private static String line(String answer, String name) {
    return answer
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + name + " in " + answer));
  }
}
