package io.tenon.pool.internal;

import static io.tenon.pool.internal.TestNode.MIB;
import static io.tenon.pool.internal.TestNode.adds;
import static io.tenon.pool.internal.TestNode.ok;
import static io.tenon.pool.internal.TestNode.random;
import static io.tenon.pool.internal.TestNode.refused;
import static io.tenon.pool.internal.TestNode.snapshot;
import static io.tenon.pool.internal.TestNode.thick;
import static io.tenon.pool.internal.TestNode.thin;
import static io.tenon.pool.internal.TestNode.uuid;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoStatus;
import io.tenon.block.testing.Waiting;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.PoolState;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pools come, stay, go and come back. */
class PoolsTest {
  @TempDir private Path directory;
  private TestNode node;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private void restart() throws Exception {
    node.close();
    node = new TestNode();
  }

  private String disk(long bytes) throws IOException {
    var file = directory.resolve("disk.img");
    try (var made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(bytes);
    }
    return file.toString();
  }

  private static PoolSpec spec(String disk) {
    return PoolSpec.of("fast0", disk).withClusterBytes(MIB);
  }

  @Test
  void sharesAndContentAreBackAfterARestart() throws Exception {
    String disk = disk(64 * MIB);
    var content = random(3, 8192);
    var pool = node.pools.create(spec(disk));
    var replica = pool.create(thick("r1", 4 * MIB));
    replica.share(Set.of("nqn.a", "nqn.b"));
    pool.create(thin("r2", 4 * MIB)).share(Set.of());
    pool.findReplica(uuid("r2")).orElseThrow().unshare();
    replica.entityId("volume-9");
    try (var volume = node.volume(replica)) {
      ok(volume.write(64, content));
    }
    replica.snapshot(snapshot("s1"));
    var before = pool.replicas();
    restart();
    assertEquals(List.of(), node.pools.all());
    var again = node.pools.load(disk, "fast0", Optional.of(pool.uuid()));
    assertEquals(before, again.replicas());
    assertEquals(1, node.target.subsystems().size());
    var subsystem = node.target.subsystems().getFirst();
    assertEquals(Set.of("nqn.a", "nqn.b"), subsystem.options().hosts());
    assertEquals(
        Optional.of("volume-9"), again.findReplica(uuid("r1")).orElseThrow().info().entityId());
    try (var volume = node.volume("r1")) {
      ok(volume.read(64, 16));
      assertArrayEquals(content, volume.content(16));
    }
    adds(again);
  }

  @Test
  void creatingAPoolThatIsOnTheDiskImportsIt() throws Exception {
    String disk = disk(64 * MIB);
    var made = node.pools.create(spec(disk));
    made.create(thin("r1", MIB));
    refused(Kind.POOL_EXISTS, () -> node.pools.create(spec(disk)));
    refused(Kind.INVALID_ARGUMENT, () -> node.pools.create(spec("malloc:///m?size_mb=64")));
    refused(Kind.DISK, () -> node.pools.create(PoolSpec.of("other", disk)));
    made.export();
    var again = node.pools.create(spec(disk).withUuid(made.uuid()));
    assertEquals(1, again.replicas().size());
    again.export();
    refused(Kind.OTHER_POOL, () -> node.pools.create(PoolSpec.of("other", disk)));
    refused(Kind.OTHER_POOL, () -> node.pools.create(spec(disk).withUuid(new UUID(1, 2))));
    refused(Kind.OTHER_POOL, () -> node.pools.load(disk, "other", Optional.empty()));
    assertEquals(1, node.pools.load(disk, "fast0", Optional.empty()).replicas().size());
  }

  @ParameterizedTest
  @CsvSource({
    "512, 'EFI PART', GPT",
    "510, 'U\u00aa', partition table",
    "1080, 'S\u00ef', ext",
    "0, XFSB, XFS",
    "65600, _BHRfS_M, Btrfs",
    "0, LUKS\u00ba\u00be, LUKS",
    "512, LABELONE, LVM",
    "4096, '\u00fcN+\u00a9', RAID",
    "0, SPDKBLOB, blobstore",
    "67108352, 'EFI PART', GPT"
  })
  void aDiskWithSomebodysDataIsLeftAsItIsUnlessItIsNamed(long offset, String magic, String named)
      throws Exception {
    String disk = disk(64 * MIB);
    try (var file = new RandomAccessFile(disk, "rw")) {
      file.seek(offset);
      file.write(magic.getBytes(ISO_8859_1));
    }
    byte[] before = Files.readAllBytes(Path.of(disk));
    var refusal = refused(Kind.DISK_HAS_DATA, () -> node.pools.create(spec(disk)));
    assertTrue(refusal.getMessage().contains(named), refusal.getMessage());
    refused(Kind.INVALID_ARGUMENT, () -> node.pools.create(spec(disk).overwriting("/dev/sda")));
    refused(Kind.NO_POOL, () -> node.pools.load(disk, "fast0", Optional.empty()));
    assertArrayEquals(before, Files.readAllBytes(Path.of(disk)));
    assertEquals(List.of(), node.devices().all());
    assertEquals("fast0", node.pools.create(spec(disk).overwriting(disk)).name());
  }

  @Test
  void aPoolWhoseSuperBlockIsBrokenIsNotFormatted() throws Exception {
    String disk = disk(64 * MIB);
    node.pools.create(spec(disk)).export();
    try (var file = new RandomAccessFile(disk, "rw")) {
      file.seek(4095);
      file.write(0x5A);
    }
    byte[] before = Files.readAllBytes(Path.of(disk));
    refused(Kind.DISK_HAS_DATA, () -> node.pools.create(spec(disk)));
    assertArrayEquals(before, Files.readAllBytes(Path.of(disk)));
  }

  @Test
  void aDestroyedPoolLeavesADiskForAnyone() throws Exception {
    String disk = disk(64 * MIB);
    var pool = node.pools.create(spec(disk));
    var replica = pool.create(thin("r1", 4 * MIB));
    replica.snapshot(snapshot("s1")).cloneTo("c1", uuid("c1"), TestNode.NOW);
    replica.snapshot(snapshot("s2"));
    replica.share(Set.of());
    pool.destroy();
    assertEquals(List.of(), node.pools.all());
    assertEquals(List.of(), node.devices().all());
    assertEquals(List.of(), node.target.subsystems());
    refused(Kind.NO_POOL, () -> node.pools.load(disk, "fast0", Optional.empty()));
    assertEquals(List.of(), node.pools.create(PoolSpec.of("other", disk)).replicas());
  }

  @Test
  void whatCannotBeAPoolIsRefused() throws Exception {
    String disk = disk(64 * MIB);
    for (long cluster : new long[] {0, 512 << 10, 3 * MIB, 2048 * MIB}) {
      refused(Kind.CLUSTER_SIZE, () -> node.pools.create(spec(disk).withClusterBytes(cluster)));
    }
    refused(Kind.INVALID_ARGUMENT, () -> node.pools.create(PoolSpec.of("x".repeat(64), disk)));
    refused(Kind.INVALID_ARGUMENT, () -> node.pools.create(PoolSpec.of("", disk)));
    refused(Kind.DISK, () -> node.pools.create(spec(directory + "/none.img")));
    refused(Kind.DISK, () -> node.pools.create(spec("strange:///disk")));
    assertEquals(4 * MIB, node.pools.create(PoolSpec.of("p", disk)).info().clusterBytes());
  }

  @Test
  void aPoolGrowsWithItsDisk() throws Exception {
    var pool = node.pools.create(spec("malloc:///disk?size_mb=64"));
    var replica = pool.create(thick("r1", 60 * MIB));
    refused(Kind.NO_SPACE, () -> pool.create(thick("r2", 8 * MIB)));
    pool.grow();
    assertEquals(63 * MIB, pool.info().capacityBytes());
    var _ = node.devices().create("malloc:///disk?size_mb=128&resize");
    assertEquals(63 * MIB, pool.info().capacityBytes());
    assertEquals(128 * MIB, pool.info().diskBytes());
    pool.grow();
    assertEquals(127 * MIB, adds(pool).capacityBytes());
    replica.resize(100 * MIB);
    try (var volume = node.volume(replica)) {
      ok(volume.write(99 * 2048, random(1, 4096)));
    }
  }

  @Test
  void aLostDiskSuspendsThePoolWithAReasonAndItComesBack() throws Exception {
    String disk = disk(64 * MIB);
    var pool = node.pools.create(spec(disk));
    var replica = pool.create(thin("r1", 4 * MIB));
    replica.share(Set.of());
    var slot = node.devices().find(disk).orElseThrow();
    var content = random(9, 4096);
    try (var volume = node.volume(replica)) {
      ok(volume.write(8, content));
      ok(volume.flush());
      var away = directory.resolve("away");
      Files.move(Path.of(disk), away);
      var _ = slot.fail("It was unplugged.");
      Waiting.until("suspended", () -> pool.info().state() == PoolState.SUSPENDED);
      assertTrue(pool.info().reason().contains("It was unplugged."), pool.info().reason());
      Waiting.until("gone", () -> volume.read(8, 8) == IoStatus.DEVICE_GONE);
      refused(Kind.SUSPENDED, () -> pool.create(thin("r2", MIB)));
      assertEquals(1, pool.replicas().size());
      Files.move(away, Path.of(disk));
      Waiting.until("online", () -> pool.info().state() == PoolState.ONLINE);
      assertEquals("", pool.info().reason());
      ok(volume.read(8, 8));
      assertArrayEquals(content, volume.content(8));
      ok(volume.write(2048, content));
    }
    assertTrue(replica.info().shared());
    pool.create(thin("r2", MIB));
    assertEquals(2 * MIB, adds(pool).usedBytes());
    pool.export();
  }
}
