package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.itest.PoolDisk;
import io.tenon.blobstore.itest.PoolDiskReader;
import io.tenon.block.testing.LoopDevice;
import io.tenon.block.testing.Waiting;
import io.tenon.faults.PoolInventory.Item;
import io.tenon.faults.PoolInventory.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * SIGKILL for a node that writes thin replicas and makes and deletes snapshots, clones and replicas, again and again. After each start all
 * that was acknowledged is there, and no space is lost; the disk itself agrees, as a reader finds that shares no code with the node.
 */
@Tag("faults")
@Timeout(1800)
class KilledPoolFaultsTest {
  private static final int ROUNDS = Integer.getInteger("tenon.faults.rounds", 50);
  private static final long SEED = Long.getLong("tenon.faults.seed", 1);
  private static final long DISK_BYTES = 512L << 20;
  private static final long VOLUME_BYTES = 16L << 20;
  private static final int PLACES = (int) (VOLUME_BYTES / Ledger.PLACE_BYTES);
  private static final List<String> VOLUMES = List.of("volume-a", "volume-b");
  private static final int MOST_OPERATIONS = 8;
  private static final int SOME_WRITES = 200;

  /** What the description of the format expects of a disk whose store was stopped; all else is damage. */
  private static final String INTERRUPTED =
      ".* was being (made|removed) when the store stopped; .*|.* lists \\d+ clusters of its ancestors\\.";

  private final SplittableRandom random = new SplittableRandom(SEED);
  private final PoolInventory inventory = new PoolInventory();
  private final Map<String, Ledger> ledgers = new LinkedHashMap<>();
  private Optional<Node> node = Optional.empty();
  private Optional<Host> host = Optional.empty();
  private Optional<LoopDevice> loop = Optional.empty();

  @AfterEach
  void end() throws Exception {
    // The node first: a host that leaves would wait for one that hangs.
    if (node.isPresent()) node.get().kill();
    if (host.isPresent()) host.get().close();
    if (loop.isPresent()) loop.get().close();
  }

  @Test
  void whatWasAcknowledgedOutlivesEverySigkillAndNoSpaceIsLost() throws Exception {
    var first = NodePool.start();
    node = Optional.of(first);
    first.awaitReady();
    Path file = first.makeDisk(DISK_BYTES);
    String disk = disk(file);
    create(first.shell(), disk);
    int operations = 0;
    for (int round = 1; round <= ROUNDS; round++) {
      operations += underWork(round);
      mustBeSoundAsLeft(file);
      var next = NodePool.startAgain(node.orElseThrow());
      node = Optional.of(next);
      next.awaitReady();
      mustBeThere(next.shell());
    }
    assertTrue(operations >= ROUNDS, operations + " operations were answered");
    mustBeSoundWhenExported(file);
  }

  /** A loop device where this process may make one: a disk as others, without a page cache between. */
  private String disk(Path file) throws Exception {
    if (!LoopDevice.isPossible()) return "aio://" + file;
    var device = LoopDevice.on(file, 512);
    loop = Optional.of(device);
    return "aio://" + device.path();
  }

  private void create(NodeShell shell, String disk) throws Exception {
    shell.must("tenon:pool create " + PoolWork.POOL + " '" + disk + "' --cluster 1MiB");
    for (String volume : VOLUMES) {
      var ledger = new Ledger(SEED + ledgers.size(), PLACES);
      ledgers.put(volume, ledger);
      shell.must(
          "tenon:replica create %s %s --thin --size %d"
              .formatted(PoolWork.POOL, volume, VOLUME_BYTES));
      shell.must("tenon:replica share " + volume);
      inventory.has(new Item(volume, Kind.REPLICA, Set.of(VOLUME_BYTES), List.of(ledger)));
    }
  }

  /**
   * Writes, reads and changes the pool until, at some moment, the node is killed.
   *
   * @return operations that were answered
   */
  private int underWork(int round) throws Exception {
    var serving = node.orElseThrow();
    var connected = Host.start();
    host = Optional.of(connected);
    var loads = new LinkedHashMap<String, HostLoad>();
    for (var row : serving.shell().list("tenon:replica list")) {
      String name = String.valueOf(row.get("name"));
      var ledger = ledgers.get(name);
      if (ledger == null) continue;
      var device = connected.open(String.valueOf(row.get("uri")));
      loads.put(name, HostLoad.start(connected.allReactors(), device, ledger, random.nextLong()));
    }
    assertEquals(Set.copyOf(VOLUMES), loads.keySet());
    var work = new PoolWork(serving.shell(), inventory, loads, random.split(), round);
    work.start();
    int goal = random.nextInt(MOST_OPERATIONS);
    Waiting.until(
        goal + " operations and some writes",
        () ->
            work.ended().isDone()
                || (work.operations() >= goal
                    && loads.values().stream()
                        .allMatch(load -> load.acknowledged() >= SOME_WRITES)),
        () -> work.operations() + " operations; " + loads.keySet());
    TimeUnit.MICROSECONDS.sleep(random.nextInt(40_000));
    for (HostLoad load : loads.values()) assertEquals(0, load.errors(), "before the kill");
    serving.kill();
    int operations = work.ended().get(Waiting.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    for (HostLoad load : loads.values()) {
      var report = load.stop();
      assertEquals(0, report.wrong(), report::toString);
    }
    connected.close();
    host = Optional.empty();
    return operations;
  }

  /** The node has started again. */
  private void mustBeThere(NodeShell shell) throws Exception {
    // Nobody imports it: the node remembers.
    Waiting.until(
        "the pool is back by itself",
        () ->
            shell.list("tenon:pool list").stream()
                .anyMatch(pool -> "ONLINE".equals(pool.get("state"))),
        () -> "see the node's log");
    var replicas = shell.list("tenon:replica list");
    var rows = new ArrayList<>(replicas);
    rows.addAll(shell.list("tenon:snapshot list"));
    inventory.settle(rows);
    mustAddUp(shell.show("tenon:pool show " + PoolWork.POOL), rows);
    try (var reading = Host.start()) {
      for (var row : replicas) {
        String name = String.valueOf(row.get("name"));
        for (var item : inventory.all()) {
          if (!item.name().equals(name) || item.content().isEmpty()) continue;
          String uri = String.valueOf(row.get("uri"));
          // A clone's share may have been what the node was killed at.
          if (item.kind() == Kind.CLONE && !uri.startsWith("nvmf")) {
            uri = String.valueOf(shell.show("tenon:replica share " + name).get("uri"));
          }
          var sweep = new Sweep(item.content().getFirst());
          assertEquals(List.of(), sweep.device(reading.reactor(), reading.open(uri), 0), name);
        }
      }
    }
  }

  /** What the replicas and snapshots have is what is used; with what is free it is all. */
  private static void mustAddUp(Map<String, Object> pool, List<Map<String, Object>> rows) {
    assertEquals("ONLINE", pool.get("state"), pool::toString);
    assertEquals(List.of(), pool.get("findings"), pool::toString);
    long allocated = rows.stream().mapToLong(row -> number(row, "allocated")).sum();
    assertEquals(number(pool, "used"), allocated, () -> pool + " with " + rows);
    assertEquals(
        number(pool, "capacity"), number(pool, "used") + number(pool, "free"), pool::toString);
  }

  private static long number(Map<String, Object> row, String name) {
    return Long.parseLong(String.valueOf(row.get(name)));
  }

  /** The disk as SIGKILL left it, before anybody repairs it. */
  private void mustBeSoundAsLeft(Path file) throws Exception {
    try (var disk = PoolDiskReader.read(file)) {
      var damage = new ArrayList<>(disk.inconsistencies);
      damage.removeIf(sentence -> sentence.matches(INTERRUPTED));
      assertEquals(List.of(), damage);
      mustHold(disk);
    }
  }

  private void mustBeSoundWhenExported(Path file) throws Exception {
    var shell = node.orElseThrow().shell();
    long free = number(shell.show("tenon:pool show " + PoolWork.POOL), "free");
    shell.must("tenon:pool export " + PoolWork.POOL);
    try (var disk = PoolDiskReader.read(file)) {
      assertEquals(List.of(), disk.inconsistencies);
      assertTrue(disk.isClean());
      assertEquals(free, disk.freeClusters() << 20);
      mustHold(disk);
    }
  }

  /** Names and, of all that was ever written, content. */
  private void mustHold(PoolDisk disk) throws Exception {
    var names = new ArrayList<String>();
    disk.blobs.forEach(
        (_, blob) -> {
          if (blob.map.length > 0) names.add(blob.text("name"));
        });
    inventory.mustAgree(names);
    for (var item : inventory.all()) {
      if (item.content().isEmpty()) continue;
      assertEquals(
          List.of(), new Sweep(item.content().getFirst()).blob(disk, item.name(), 0), item.name());
    }
  }
}
