package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The nexus' bundle is replaced in real nodes: over children of another node that are reserved, and in a node that is killed in the middle. */
@Timeout(900)
class NexusSwapProcessTest {
  private static final Pattern SHARED = Pattern.compile("nvmf\\+tcp://\\S+");
  private static final Pattern PAUSE = Pattern.compile("\"longest_pause_ms\" : ([0-9.]+)");
  private static final String NEXUS = "io.tenon.nexus";
  private static final String KEY = "/test/v1";
  private static final int SWAPS = 10;
  private static final long PATIENCE_SECONDS = 300;
  private static final long FILE_BYTES = 64 << 20;

  /** Where a nexus' data begins on each of its children, and how much of it the load has. */
  private static final long DATA_AT = 5 << 20;

  private static final int DATA_BYTES = 8 << 20;

  @TempDir private Path folder;
  private Path home;

  @BeforeEach
  void prepare() throws Exception {
    home = NodeProcess.home(folder);
  }

  private NodeProcess start(String name) throws IOException {
    return NodeProcess.startReady(home, folder, name);
  }

  private SpokenNode node(String name) {
    return new SpokenNode(home, folder.resolve(name));
  }

  private static String found(Pattern pattern, String text) {
    var matcher = pattern.matcher(text);
    assertTrue(matcher.find(), () -> "no " + pattern + " in " + text);
    return matcher.group(matcher.groupCount());
  }

  private static CompletableFuture<String> begin(SpokenNode node, String... words) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return node.say(words);
          } catch (Exception e) {
            throw new CompletionException(e);
          }
        },
        // Not of the common pool, which is one thread on a small machine.
        Thread::startVirtualThread);
  }

  private static String shared(SpokenNode disks, String name) throws Exception {
    disks.must(name, "tenon:device", "create", "malloc:///" + name + "?size_mb=64");
    return found(SHARED, disks.say("tenon:share", "create", name));
  }

  private static String[] create(
      String name, UUID uuid, String key, String first, String second, String... more) {
    var words =
        new ArrayList<>(
            List.of("tenon:nexus", "create", name, "--size", "32MiB", "--uuid", uuid.toString()));
    words.addAll(List.of("--info-key", key, "--child", first, "--child", second));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  /** One load after the other until all swaps are done. */
  private static List<String> load(SpokenNode host, String uri, AtomicBoolean swapped) {
    var results = new ArrayList<String>();
    try {
      do {
        results.add(
            host.say("tenon:load", "run", uri, "--size", "8MiB", "--seconds", "5", "--json"));
      } while (!swapped.get());
    } catch (Exception e) {
      throw new CompletionException(e);
    }
    return results;
  }

  @Test
  void overReservedChildrenOfAnotherNodeNothingFailsAndTheFencingHoldsAfterwards()
      throws Exception {
    var disks = node("disks");
    var first = node("first");
    var second = node("second");
    try (var disksProcess = start("disks");
        var firstProcess = start("first");
        var secondProcess = start("second")) {
      String one = shared(disks, "c1");
      String two = shared(disks, "c2");
      first.must(
          "ONLINE", create("v1", UUID.randomUUID(), KEY, one, two, "--reservation-key", "0x11"));
      String uri = found(SHARED, first.say("tenon:nexus", "publish", "v1"));
      second.must("NVMe disk", "tenon:device", "create", uri);
      String connections = disks.say("tenon:controller", "list", "--json");
      assertTrue(connections.contains("nqn"), connections);
      String reservations = first.say("tenon:nexus", "show", "v1", "--json");
      assertTrue(reservations.contains("0x11"), reservations);

      var swapped = new AtomicBoolean();
      var load =
          CompletableFuture.supplyAsync(
              () -> load(second, uri, swapped), Thread::startVirtualThread);
      var pauses = new ArrayList<Double>();
      for (int swap = 0; swap < SWAPS; swap++) {
        var told = first.say("tenon:swap", NEXUS, Jars.of(NEXUS).toString(), "--json");
        assertTrue(told.contains("SWAPPED"), told);
        pauses.add(Double.valueOf(found(PAUSE, told)));
      }
      swapped.set(true);
      for (String result : load.get(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        assertTrue(result.contains("\"errors\" : 0"), result);
        assertTrue(result.contains("\"wrong\" : 0"), result);
      }
      pauses.sort(null);
      System.out.printf(
          "a nexus over reserved children of another node: pauses by %d swaps: median %.1f ms, longest %.1f ms%n",
          SWAPS, pauses.get(SWAPS / 2), pauses.getLast());
      first.must("ONLINE", "tenon:nexus", "show", "v1");
      assertEquals(connections, disks.say("tenon:controller", "list", "--json"), "reconnects");

      // Another node takes the children: the one that was swapped so often must hear of it, and
      // stop.
      second.must(
          "ONLINE",
          create("v2", UUID.randomUUID(), KEY + "/other", one, two, "--reservation-key", "0x22"));
      // Who does nothing asks nobody; the first I/O does.
      String refused = second.say("tenon:load", "run", uri, "--size", "8MiB", "--seconds", "1");
      assertTrue(refused.contains("errors"), refused);
      first.eventually("\"state\" : \"SHUTDOWN\"", "tenon:nexus", "show", "v1", "--json");
      first.must("another host holds its reservation", "tenon:nexus", "why", "v1");
      second.must("\"wrong\" : 0", "tenon:load", "run", "v2", "--seconds", "1", "--json");
      second.must("ONLINE", "tenon:nexus", "show", "v2");
      firstProcess.close();
      second.must("destroyed", "tenon:nexus", "destroy", "v2");
      secondProcess.close();
      assertEquals(0, disksProcess.terminate());
    }
  }

  @ParameterizedTest(name = "under load: {0}")
  @ValueSource(booleans = {false, true})
  void aNodeThatIsKilledBetweenOldAndNewHasItsDataItsRecordAndItsBundle(boolean loaded)
      throws Exception {
    var node = node("only");
    var uuid = UUID.randomUUID();
    String one = child("one");
    String two = child("two");
    var newer = Jars.changed(NEXUS, folder.resolve("newer.jar"), Map.of("Bundle-Version", "0.1.7"));
    byte[] before;
    try (var process = start("only")) {
      node.must("ONLINE", create("v1", uuid, KEY, one, two));
      node.must("\"wrong\" : 0", load("2"));
      before = data("one");
      assertArrayEquals(before, data("two"));
      var load = loaded ? begin(node, load("600")) : CompletableFuture.completedFuture("");
      if (loaded) awaitLoad(node);
      var swap = begin(node, "tenon:swap", NEXUS, newer.toString());
      process.await(Pattern.compile("v1: DRAINING -> VACANT"));
      process.close();
      swap.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      load.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    try (var process = start("only")) {
      node.must(NEXUS + " (0.1.0.SNAPSHOT)", "felix:lb", NEXUS);
      node.must("\"kept\" : [ ]", "tenon:swaps", "--json");
      String record = node.say("tenon:store", "get", KEY);
      assertTrue(record.contains("\"clean_shutdown\":false"), record);
      assertEquals(3, record.split("\"healthy\":true", -1).length, record);
      node.must("v1", create("v1", uuid, KEY, one, two));
      node.eventually("ONLINE", "tenon:nexus", "show", "v1");
      node.must("SWAPPED", "tenon:swap", NEXUS, newer.toString());
      node.must(NEXUS + " (0.1.7)", "felix:lb", NEXUS);
      node.must("ONLINE", "tenon:nexus", "show", "v1");
      node.must("destroyed", "tenon:nexus", "destroy", "v1");
      assertArrayEquals(data("one"), data("two"));
      if (!loaded) assertArrayEquals(before, data("one"));
      assertEquals(0, process.terminate());
    }
  }

  private static String[] load(String seconds) {
    return new String[] {
      "tenon:load", "run", "v1", "--size", "8MiB", "--seconds", seconds, "--json"
    };
  }

  private static void awaitLoad(SpokenNode node) throws Exception {
    node.eventually("load", "tenon:device", "show", "v1");
  }

  private String child(String name) throws IOException {
    var file = folder.resolve(name);
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(FILE_BYTES);
    }
    return "aio://" + file;
  }

  private byte[] data(String name) throws IOException {
    var bytes = new byte[DATA_BYTES];
    try (var disk = new RandomAccessFile(folder.resolve(name).toFile(), "r")) {
      disk.seek(DATA_AT);
      disk.readFully(bytes);
    }
    return bytes;
  }
}
