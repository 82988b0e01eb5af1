package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pools and real nodes that are killed, and a disk that moves. */
@Timeout(600)
class PoolRestartTest {
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
    return NodeProcess.startReady(home, folder, name);
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

  @ParameterizedTest
  @ValueSource(strings = {"READY -> DRAINING", "DRAINING -> VACANT", "VACANT -> READY"})
  void aNodeThatIsKilledWhileADiskIsOpenedByAnotherBackendHasThePoolByOneOfThem(String moment)
      throws Exception {
    String device = disk.toString();
    try (var node = start("a")) {
      must("a", "ONLINE", "tenon:pool", "create", "fast0", "aio://" + device);
      must("a", "r1", "tenon:replica", "create", "fast0", "r1", "--size", "64MiB", "--thin");
      must("a", "pause_ms", "tenon:device", "change", device, "uring://" + device);
      must("a", "uring://" + device, "tenon:pool", "show", "fast0");
      var said =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return say("a", "tenon:device", "change", device, "aio://" + device);
                } catch (Exception e) {
                  throw new CompletionException(e);
                }
              });
      node.await(Pattern.compile(Pattern.quote(device + ": " + moment) + ".*opened by aio"));
      node.close();
      said.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    try (var node = start("a")) {
      var pool = eventually("a", "ONLINE", "tenon:pool", "show", "fast0");
      String by = line(pool, "disk");
      assertTrue(by.endsWith(" uring://" + device) || by.endsWith(" aio://" + device), by);
      must("a", "\"wrong\" : 0", "tenon:load", "run", "r1", "--seconds", "1", "--json");
      must("a", "pause_ms", "tenon:device", "change", device, "uring://" + device);
      must("a", "uring://" + device, "tenon:device", "show", device);
      assertEquals(0, node.terminate());
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
