package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The bundle of NVMe/TCP is replaced in real nodes while I/O goes through it, on either end of the connections: they stay. */
@Timeout(1200)
class TransportUpdateTest {
  private static final Pattern SHARED = Pattern.compile("nvmf\\+tcp://\\S+");
  private static final Pattern BUNDLE =
      Pattern.compile("(\\d+)\\|Active +\\| *\\d+\\|io\\.tenon\\.transport\\.nvmetcp ");
  private static final int UPDATES = 20;
  private static final int SWAPS = 5;

  /** Before anything that swaps leave behind is counted. */
  private static final int SETTLED = 2;

  /** Others come and go; one a swap would be seen. */
  private static final int TOLERATED = UPDATES / 2;

  /** {@code --depth}; at 0 nobody does I/O while the bundle is replaced. */
  private static final int IDLE = 0;

  @TempDir private Path folder;
  private Path home;

  @BeforeEach
  void prepare() throws Exception {
    home = NodeProcess.home(folder);
  }

  private NodeProcess start(String name) throws Exception {
    return NodeProcess.startReady(home, folder, name);
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

  @Test
  void aSwapTellsHowLongEachConnectionOfAHostWaited() throws Exception {
    try (var target = start("target");
        var host = start("host")) {
      say("target", "tenon:device", "create", "malloc:///m?size_mb=64");
      var uri = found(SHARED, say("target", "tenon:share", "create", "m"));
      say("host", "tenon:device", "create", uri);
      String jar = Jars.of("io.tenon.transport.nvmetcp").toString();
      String[] swap = {"tenon:swap", "io.tenon.transport.nvmetcp", jar, "--json"};
      var told = say("target", swap);
      var pauses =
          Pattern.compile("\"host\" : \"127\\.0\\.0\\.1:\\d+\",\\s+\"pause_ms\" : ([0-9.]+)")
              .matcher(told)
              .results()
              .map(pause -> Double.valueOf(pause.group(1)))
              .toList();
      // An admin queue and at least one for I/O.
      assertTrue(pauses.size() >= 2, told);
      double longest = pauses.stream().max(Double::compare).orElseThrow();
      assertTrue(longest > 0, told);
      assertEquals(
          longest,
          Double.parseDouble(found(Pattern.compile("\"longest_pause_ms\" : (\\S+),"), told)));
      assertFalse(told.contains("\"broken\" : true"), told);
      var history = say("target", "tenon:swaps", "--json");
      assertTrue(history.contains("\"host_pauses\" : " + pauses.size()), history);
      assertTrue(history.contains("\"broken_connections\" : 0"), history);
      assertEquals(0, host.terminate());
      assertEquals(0, target.terminate());
    }
  }

  @Test
  void aDeviceOfAnotherNodeTriesTheNewTransportFirst() throws Exception {
    try (var target = start("target");
        var host = start("host")) {
      var uuid = UUID.randomUUID().toString();
      say("target", "tenon:device", "create", "malloc:///m?size_mb=64&uuid=" + uuid);
      var uri = found(SHARED, say("target", "tenon:share", "create", "m"));
      say("host", "tenon:device", "create", uri);
      var controllers = controllers("target", 1);
      var swapped = new AtomicBoolean();
      var load = CompletableFuture.supplyAsync(() -> loads("host", uri, 16, swapped));
      String jar = Jars.of("io.tenon.transport.nvmetcp").toString();
      String[] swap = {"tenon:swap", "io.tenon.transport.nvmetcp", jar, "--canary", uuid, "--json"};
      var told = say("host", swap);
      swapped.set(true);
      assertTrue(told.contains("SWAPPED"), told);
      for (String result : load.get(300, TimeUnit.SECONDS)) {
        assertEquals("0", found(Pattern.compile("(?m)^errors +(\\d+)$"), result), result);
        assertEquals("0", found(Pattern.compile("(?m)^wrong +(\\d+)$"), result), result);
      }
      neverReconnected("host", 1);
      assertEquals(controllers, controllers("target", 1));
      assertEquals(0, host.terminate());
      assertEquals(0, target.terminate());
    }
  }

  @Test
  void hostsThatConnectWhileTheTransportIsSwappedAreServed() throws Exception {
    try (var target = start("target");
        var host = start("host")) {
      say("target", "tenon:device", "create", "malloc:///m?size_mb=64");
      var uri = found(SHARED, say("target", "tenon:share", "create", "m"));
      var swapped = new AtomicBoolean();
      var connected = CompletableFuture.supplyAsync(() -> connections(uri, swapped));
      String jar = Jars.of("io.tenon.transport.nvmetcp").toString();
      for (int swap = 0; swap < SWAPS; swap++) {
        var told = say("target", "tenon:swap", "io.tenon.transport.nvmetcp", jar);
        assertTrue(told.contains("SWAPPED"), told);
      }
      swapped.set(true);
      assertTrue(connected.get(300, TimeUnit.SECONDS) > 0, "nobody connected");
      assertEquals(0, host.terminate());
      assertEquals(0, target.terminate());
    }
  }

  @Test
  void aNexusIsIdleWhileTheTransportOfItsRemoteChildrenIsSwappedTwentyTimes() throws Exception {
    swapBelowANexus(IDLE);
  }

  @Test
  void aNexusAtHalfItsLoadGoesOnWhileTheTransportOfItsRemoteChildrenIsSwappedTwentyTimes()
      throws Exception {
    swapBelowANexus(4);
  }

  @Test
  void aNexusAtFullLoadGoesOnWhileTheTransportOfItsRemoteChildrenIsSwappedTwentyTimes()
      throws Exception {
    swapBelowANexus(64);
  }

  /**
   * One node has two devices and is the host of a volume that another node makes of both of them. That one's bundle is swapped, which so is between the
   * volume and its host, and between the volume and its children.
   */
  private void swapBelowANexus(int depth) throws Exception {
    try (var outer = start("outer");
        var middle = start("middle")) {
      var create = new ArrayList<>(List.of("tenon:nexus", "create", "v1", "--size", "48MiB"));
      for (String child : List.of("a", "b")) {
        say("outer", "tenon:device", "create", "malloc:///" + child + "?size_mb=64");
        create.addAll(
            List.of("--child", found(SHARED, say("outer", "tenon:share", "create", child))));
      }
      say("middle", create.toArray(String[]::new));
      say("middle", "tenon:nexus", "publish", "v1");
      var volume = Pattern.compile("nvmf\\+tcp://\\S+:v1\\b");
      var uri = found(volume, say("middle", "tenon:nexus", "show", "v1"));
      say("outer", "tenon:device", "create", uri);
      var controllers = List.of(controllers("outer", 2), controllers("middle", 1));
      var swapped = new AtomicBoolean(depth == IDLE);
      var load =
          CompletableFuture.supplyAsync(
              () -> depth == IDLE ? List.<String>of() : loads("outer", uri, depth, swapped));
      swapTwentyTimes(middle, "below a nexus at depth " + depth);
      swapped.set(true);
      var results = new ArrayList<>(load.get(300, TimeUnit.SECONDS));
      results.addAll(loads("outer", uri, 16, swapped));
      for (String result : results) {
        assertEquals("0", found(Pattern.compile("(?m)^errors +(\\d+)$"), result), result);
        assertEquals("0", found(Pattern.compile("(?m)^wrong +(\\d+)$"), result), result);
        System.out.println("longest gap at depth " + depth + ": " + gap(result));
      }
      neverReconnected("middle", 2);
      neverReconnected("outer", 1);
      assertEquals(controllers, List.of(controllers("outer", 2), controllers("middle", 1)));
      var children = say("middle", "tenon:nexus", "children", "v1", "--json");
      assertFalse(children.contains("FAULTED"), children);
      assertEquals(0, outer.terminate());
      assertEquals(0, middle.terminate());
    }
  }

  /** Of hosts that are connected, with their ids and ports: who comes anew has others. */
  private String controllers(String node, int count) throws Exception {
    var listed = say(node, "tenon:controller", "list", "--json");
    assertEquals(count, listed.split("\"peer\"", -1).length - 1, listed);
    return listed;
  }

  private void neverReconnected(String node, int controllers) throws Exception {
    var listed = say(node, "tenon:initiator", "list", "--json");
    assertEquals(controllers, listed.split("\"reconnects\" : 0\\b", -1).length - 1, listed);
  }

  private void swapTwentyTimes(NodeProcess node, String where) throws Exception {
    String jar = Jars.of("io.tenon.transport.nvmetcp").toString();
    var pauses = new ArrayList<Double>();
    long files = 0;
    long threads = 0;
    long loaders = 0;
    for (int swap = 0; swap < UPDATES; swap++) {
      if (swap == SETTLED) {
        files = entries(node, "fd");
        threads = entries(node, "task");
        loaders = bundleClassLoaders(node);
      }
      var told = say("middle", "tenon:swap", "io.tenon.transport.nvmetcp", jar, "--json");
      assertTrue(told.contains("SWAPPED"), told);
      pauses.add(Double.valueOf(found(Pattern.compile("\"longest_pause_ms\" : ([0-9.]+)"), told)));
    }
    pauses.sort(null);
    System.out.printf(
        "pauses by %d swaps of the transport %s: median %.1f ms, longest %.1f ms%n",
        UPDATES, where, pauses.get(UPDATES / 2), pauses.getLast());
    assertTrue(entries(node, "fd") <= files + TOLERATED, "files, before " + files);
    assertTrue(entries(node, "task") <= threads + TOLERATED, "threads, before " + threads);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (bundleClassLoaders(node) > loaders + 1) {
      assertTrue(System.nanoTime() < deadline, "class loaders stay, before " + loaders);
    }
  }

  private static long entries(NodeProcess node, String kind) throws IOException {
    try (var found = Files.list(Path.of("/proc", Long.toString(node.pid()), kind))) {
      return found.count();
    }
  }

  /** That cannot be collected. */
  private static long bundleClassLoaders(NodeProcess node) throws Exception {
    var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    var asked =
        new ProcessBuilder(jcmd, Long.toString(node.pid()), "GC.class_histogram")
            .redirectErrorStream(true)
            .start();
    var answer = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(asked.waitFor(120, TimeUnit.SECONDS), "no answer of " + jcmd);
    return Long.parseLong(
        found(
            Pattern.compile("(\\d+) +\\d+ +org\\.apache\\.felix\\S*BundleClassLoader\\b"), answer));
  }

  /** How many were made, one after the other; none may fail. */
  private int connections(String uri, AtomicBoolean enough) {
    int made = 0;
    try {
      while (!enough.get()) {
        var created = say("host", "tenon:device", "create", uri);
        assertTrue(created.contains("NVMe disk"), created);
        say("host", "tenon:device", "destroy", uri);
        made++;
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return made;
  }

  private List<String> load(String uri, AtomicBoolean updated) {
    return loads("host", uri, 16, updated);
  }

  /** One load after the other until all updates are done. */
  private List<String> loads(String node, String device, int depth, AtomicBoolean updated) {
    var results = new ArrayList<String>();
    String[] load = {
      "tenon:load", "run", device, "--size", "32MiB", "--seconds", "5", "--depth", "" + depth
    };
    try {
      do {
        results.add(say(node, load));
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
