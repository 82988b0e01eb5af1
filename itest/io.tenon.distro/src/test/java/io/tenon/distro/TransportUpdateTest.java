package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The bundle of NVMe/TCP is updated in a real node while a host on another node does I/O through it: it stays connected. */
@Timeout(600)
class TransportUpdateTest {
  private static final Pattern READY = Pattern.compile("ready in [0-9.]+ s:");
  private static final Pattern SHARED = Pattern.compile("nvmf\\+tcp://\\S+");
  private static final Pattern BUNDLE =
      Pattern.compile("(\\d+)\\|Active +\\| *\\d+\\|io\\.tenon\\.transport\\.nvmetcp ");
  private static final int UPDATES = 20;

  @TempDir private Path folder;
  private Path home;

  @BeforeEach
  void prepare() throws Exception {
    home = NodeProcess.home(folder);
  }

  private NodeProcess start(String name) throws Exception {
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

  private static String found(Pattern pattern, String text) {
    var matcher = pattern.matcher(text);
    assertTrue(matcher.find(), () -> "no " + pattern + " in " + text);
    return matcher.group(matcher.groupCount());
  }

  @Test
  void aHostsIoOnlyPausesWhileTheTransportIsUpdatedTwentyTimes() throws Exception {
    try (var target = start("target");
        var host = start("host")) {
      say("target", "tenon:device", "create", "malloc:///m?size_mb=64");
      var uri = found(SHARED, say("target", "tenon:share", "create", "m"));
      say("host", "tenon:device", "create", uri);
      var bundle = found(BUNDLE, say("target", "felix:lb"));
      var updated = new AtomicBoolean();
      var load = CompletableFuture.supplyAsync(() -> load(uri, updated));
      var controllers = controllersOfLoad();
      for (int update = 0; update < UPDATES; update++) {
        assertEquals("", say("target", "felix:update", bundle).strip());
      }
      updated.set(true);
      assertEquals(controllers, say("target", "tenon:controller", "list", "--json"));
      var results = load.get(300, TimeUnit.SECONDS);
      for (String result : results) {
        assertEquals("0", found(Pattern.compile("(?m)^errors +(\\d+)$"), result), result);
        assertEquals("0", found(Pattern.compile("(?m)^wrong +(\\d+)$"), result), result);
        System.out.println("longest gap while the transport was updated: " + gap(result));
      }
      assertEquals(0, host.terminate());
      assertEquals(0, target.terminate());
    }
  }

  /** One load after the other until all updates are done. */
  private List<String> load(String uri, AtomicBoolean updated) {
    var results = new ArrayList<String>();
    try {
      do {
        results.add(say("host", "tenon:load", "run", uri, "--size", "32MiB", "--seconds", "5"));
      } while (!updated.get());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return results;
  }

  private static String gap(String result) {
    return found(Pattern.compile("(?m)^longest_gap_ms +(\\S+)$"), result) + " ms";
  }

  /** When the host is there, with all its queues. */
  private String controllersOfLoad() throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    String before = "";
    while (true) {
      var now = say("target", "tenon:controller", "list", "--json");
      if (now.contains("nqn") && now.equals(before)) return now;
      assertTrue(System.nanoTime() < deadline, "no host comes");
      before = now;
    }
  }
}
