package io.tenon.pool.internal;

import static io.tenon.pool.internal.TestNode.adds;
import static io.tenon.pool.internal.TestNode.ok;
import static io.tenon.pool.internal.TestNode.random;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.pool.Pool;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaInfo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Disks that Mayastor wrote: their pools come up with all that is on them, and the same again after they were given back. */
class SamplePoolsTest {
  /** What is too large to be read twice in a test. */
  private static final long MOST_READ_BYTES = 64 << 20;

  @TempDir private Path directory;

  record Disk(String file, int blockBytes, long freeBytes, String name, UUID uuid) {
    @Override
    public String toString() {
      return file;
    }
  }

  private record Volume(
      String name,
      UUID uuid,
      long bytes,
      boolean thin,
      long own,
      String sha256,
      Map<String, String> xattrs) {}

  static List<Disk> disks() throws IOException {
    var disks = new ArrayList<Disk>();
    for (String[] f : lines("disk")) {
      long free = Long.parseLong(f[6]) * Long.parseLong(f[3]);
      disks.add(new Disk(f[1], Integer.parseInt(f[2]), free, f[8], UUID.fromString(f[9])));
    }
    return disks;
  }

  private static List<Volume> volumes(Disk disk) throws IOException {
    var volumes = new TreeMap<String, Volume>();
    for (String[] f : lines("blob")) {
      if (!f[1].equals(disk.file())) continue;
      var uuid = UUID.fromString(f[4]);
      boolean thin = f[7].equals("True");
      long own = Long.parseLong(f[9]);
      volumes.put(
          f[2], new Volume(f[3], uuid, Long.parseLong(f[5]), thin, own, f[12], new TreeMap<>()));
    }
    for (String[] f : lines("xattr")) {
      if (f[1].equals(disk.file())) volumes.get(f[2]).xattrs().put(f[3], f[4]);
    }
    return List.copyOf(volumes.values());
  }

  private static List<String[]> lines(String kind) throws IOException {
    try (var in = resource("expected.tsv")) {
      return new String(in.readAllBytes(), UTF_8)
          .lines()
          .map(line -> line.split("\t", -1))
          .filter(fields -> fields[0].equals(kind))
          .toList();
    }
  }

  private static InputStream resource(String name) {
    var stream = SamplePoolsTest.class.getResourceAsStream("/pools/" + name);
    if (stream == null) throw new AssertionError("no resource " + name);
    return stream;
  }

  private String unpacked(Disk disk) throws IOException {
    var file = directory.resolve(disk.name() + ".img");
    try (var in = new GZIPInputStream(resource(disk.file()))) {
      Files.copy(in, file);
    }
    return "aio://" + file + "?blk_size=" + disk.blockBytes();
  }

  @ParameterizedTest
  @MethodSource("disks")
  void allIsThereAsItsMakerLeftItAndAgainAfterExport(Disk disk) throws Exception {
    String uri = unpacked(disk);
    for (int round = 0; round < 2; round++) {
      try (var node = new TestNode()) {
        var pool = node.pools.load(uri, disk.name(), Optional.of(disk.uuid()));
        check(disk, pool, node);
        pool.export();
        assertEquals(List.of(), node.devices().all());
        assertEquals(List.of(), node.target.subsystems());
        check(disk, node.pools.load(uri, disk.name(), Optional.empty()), node);
      }
    }
  }

  private static void check(Disk disk, Pool pool, TestNode node) throws Exception {
    var expected = volumes(disk);
    var found = new TreeMap<String, ReplicaInfo>();
    for (var replica : pool.replicas()) found.put(replica.name(), replica);
    // Mayastor deletes a discarded snapshot without clones when it imports; none of these is.
    assertEquals(expected.size(), found.size());
    assertEquals(disk.freeBytes(), adds(pool).freeBytes());
    for (Volume volume : expected) {
      String name = volume.name();
      var info = found.get(name);
      assertEquals(volume.uuid(), info.uuid(), name);
      assertEquals(volume.bytes(), info.sizeBytes(), name);
      assertEquals(volume.thin(), info.thin(), name);
      assertEquals("", info.problem(), name);
      checkSharing(volume.xattrs(), info);
      checkAttributes(volume.xattrs(), info);
      if (volume.bytes() <= MOST_READ_BYTES) {
        assertEquals(volume.sha256(), sha256(node, name, info.sizeBytes()), name);
      }
    }
  }

  private static void checkSharing(Map<String, String> xattrs, ReplicaInfo info) {
    boolean shared = "true".equals(xattrs.get("shared"));
    assertEquals(shared, info.shared(), info.name());
    String hosts = xattrs.getOrDefault("allowed-hosts", "");
    assertEquals(hosts.isEmpty() ? Set.of() : Set.of(hosts.split(",")), info.allowedHosts());
    String prefix = shared ? TestNode.TARGET : "bdev:///";
    assertEquals(prefix + info.name() + "?uuid=" + info.uuid(), info.uri());
  }

  private static void checkAttributes(Map<String, String> xattrs, ReplicaInfo info) {
    boolean snapshot = xattrs.containsKey("io-engine.snapshot_create_time");
    assertEquals(snapshot, info.snapshot().isPresent(), info.name());
    if (info.snapshot().isEmpty()) {
      assertEquals(Optional.ofNullable(xattrs.get("entity_id")), info.entityId());
      boolean clone = xattrs.containsKey("io-engine.source_uuid");
      assertEquals(clone ? ReplicaInfo.Kind.CLONE : ReplicaInfo.Kind.REPLICA, info.kind());
      assertEquals(xattrs.get("io-engine.source_uuid"), text(info.sourceSnapshot()));
      return;
    }
    var found = info.snapshot().get();
    assertEquals(Optional.of(TestNode.NOW), found.createdAt());
    assertEquals(xattrs.get("io-engine.tx_id"), found.txnId());
    assertEquals(xattrs.get("io-engine.entity_id"), found.entityId());
    assertEquals(xattrs.get("io-engine.parent_id"), text(found.source()));
    assertEquals("true".equals(xattrs.get("io-engine.discarded_snapshot")), found.discarded());
    assertTrue(found.valid());
  }

  @SuppressWarnings("NullAway") // null stands for what is not there on both sides
  private static String text(Optional<UUID> uuid) {
    return uuid.map(UUID::toString).orElse(null);
  }

  private static String sha256(TestNode node, String device, long bytes) throws Exception {
    var digest = MessageDigest.getInstance("SHA-256");
    try (var volume = node.volume(device)) {
      int block = volume.slot().geometry().blockBytes();
      long piece = (512L << 10) / block;
      for (long lba = 0; lba < bytes / block; lba += piece) {
        ok(volume.read(lba, piece));
        digest.update(volume.content(piece));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  @Test
  void anImportedPoolLivesOn() throws Exception {
    var disk = disks().getFirst();
    String uri = unpacked(disk);
    try (var node = new TestNode()) {
      var pool = node.pools.load(uri, disk.name(), Optional.empty());
      var clone = replica(pool, "clone-2");
      assertEquals(1, replica(pool, "snap-thick").clones().size());
      clone.destroy();
      // It was discarded, and this was its last clone.
      assertEquals(6, pool.replicas().size());
      var thin = replica(pool, "rep-thin");
      thin.share(Set.of("nqn.x"));
      var snapshot = thin.snapshot(TestNode.snapshot("snap-3"));
      try (var volume = node.volume(thin)) {
        ok(volume.write(0, random(5, 4096)));
      }
      snapshot.cloneTo("clone-3", TestNode.uuid("clone-3"), TestNode.NOW);
      replica(pool, "rep-empty").resize(20 << 20);
      adds(pool);
    }
    try (var node = new TestNode()) {
      var pool = node.pools.load(uri, disk.name(), Optional.empty());
      assertEquals(8, pool.replicas().size());
      assertEquals(Set.of("nqn.x"), replica(pool, "rep-thin").info().allowedHosts());
      assertTrue(replica(pool, "rep-thin").info().shared());
      assertEquals(20 << 20, replica(pool, "rep-empty").info().sizeBytes());
      adds(pool);
    }
  }

  private static Replica replica(Pool pool, String name) {
    for (var info : pool.replicas()) {
      if (info.name().equals(name)) return pool.findReplica(info.uuid()).orElseThrow();
    }
    throw new AssertionError("no " + name);
  }
}
