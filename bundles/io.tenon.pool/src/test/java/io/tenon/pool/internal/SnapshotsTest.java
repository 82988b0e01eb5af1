package io.tenon.pool.internal;

import static io.tenon.pool.internal.TestNode.MIB;
import static io.tenon.pool.internal.TestNode.NOW;
import static io.tenon.pool.internal.TestNode.adds;
import static io.tenon.pool.internal.TestNode.ok;
import static io.tenon.pool.internal.TestNode.random;
import static io.tenon.pool.internal.TestNode.refused;
import static io.tenon.pool.internal.TestNode.snapshot;
import static io.tenon.pool.internal.TestNode.thick;
import static io.tenon.pool.internal.TestNode.thin;
import static io.tenon.pool.internal.TestNode.uuid;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException;
import io.tenon.block.IoStatus;
import io.tenon.block.SnapshotSpec;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaInfo;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Snapshots and clones on a pool of 63 clusters of 1 MiB. */
class SnapshotsTest {
  private TestNode node;
  private Pool pool;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
    pool =
        node.pools.create(PoolSpec.of("fast0", "malloc:///disk?size_mb=64").withClusterBytes(MIB));
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  @Test
  void aSnapshotKeepsTheContentAndAChainAddsUp() throws Exception {
    var replica = pool.create(thick("r1", 4 * MIB));
    var before = random(1, 4096);
    var after = random(2, 4096);
    try (var volume = node.volume(replica)) {
      ok(volume.write(0, before));
      var snapshot = replica.snapshot(snapshot("s1"));
      ok(volume.write(0, after));
      try (var old = node.volume(snapshot)) {
        ok(old.read(0, 8));
        assertArrayEquals(before, old.content(8));
        assertEquals(IoStatus.UNSUPPORTED, old.write(0, after));
      }
      ok(volume.read(0, 8));
      assertArrayEquals(after, volume.content(8));
    }
    assertTrue(replica.info().thin());
    assertEquals(4, replica.info().usage().ancestorClusters());
    assertEquals(1, replica.info().usage().allocatedClusters());
    var info = pool.findReplica(uuid("s1")).orElseThrow().info();
    assertEquals(ReplicaInfo.Kind.SNAPSHOT, info.kind());
    var snapshot = info.snapshot().orElseThrow();
    assertTrue(snapshot.valid());
    assertFalse(snapshot.discarded());
    assertEquals(Optional.of(uuid("r1")), snapshot.source());
    assertEquals(Optional.of(NOW), snapshot.createdAt());
    assertEquals("txn-1", snapshot.txnId());
    assertEquals("volume-1", snapshot.entityId());
    adds(pool);
    replica.destroy();
    assertEquals(4 * MIB, adds(pool).usedBytes());
  }

  /** As a nexus orders it: the same name on every pool, also on two pools of one node. */
  @Test
  void snapshotsOfOneNameOnTwoPoolsBothHaveTheirDevice() throws Exception {
    var other =
        node.pools.create(PoolSpec.of("fast1", "malloc:///disk1?size_mb=64").withClusterBytes(MIB));
    var content = random(1, 4096);
    var copy = random(2, 4096);
    var first = pool.create(thin("r1", 4 * MIB));
    var second = other.create(thin("r2", 4 * MIB));
    write(first, content);
    write(second, copy);
    var order = snapshot("s1");
    var name = order.name();
    first.device().orElseThrow().snapshots().orElseThrow().take(order);
    var spec = new SnapshotSpec(name, uuid("s2"), order.entityId(), order.txnId(), NOW);
    second.device().orElseThrow().snapshots().orElseThrow().take(spec);
    assertContent(content, pool.findReplica(uuid("s1")).orElseThrow());
    assertContent(copy, other.findReplica(uuid("s2")).orElseThrow());
    var refusal =
        assertThrows(
            DeviceException.class,
            () -> second.device().orElseThrow().snapshots().orElseThrow().take(spec));
    assertEquals(DeviceException.Kind.ALREADY_EXISTS, refusal.kind());
  }

  private void write(Replica replica, byte[] content) throws Exception {
    try (var volume = node.volume(replica)) {
      ok(volume.write(0, content));
    }
  }

  private void assertContent(byte[] content, Replica replica) throws Exception {
    try (var volume = node.volume(replica)) {
      ok(volume.read(0, content.length / 512));
      assertArrayEquals(content, volume.content(content.length / 512));
    }
  }

  @Test
  void aDiscardedSnapshotGoesWithItsLastClone() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    var content = random(1, 4096);
    try (var volume = node.volume(replica)) {
      ok(volume.write(0, content));
    }
    var snapshot = replica.snapshot(snapshot("s1"));
    var one = snapshot.cloneTo("c1", uuid("c1"), NOW);
    var two = snapshot.cloneTo("c2", uuid("c2"), NOW);
    assertEquals(List.of("c1", "c2"), names(snapshot.clones()));
    assertEquals(ReplicaInfo.Kind.CLONE, one.info().kind());
    assertEquals(Optional.of(uuid("s1")), one.info().sourceSnapshot());
    assertEquals(Optional.of(0L), one.info().usage().ancestorClustersSinceClone());
    snapshot.destroy();
    assertTrue(snapshot.info().snapshot().orElseThrow().discarded());
    refused(Kind.DISCARDED, () -> snapshot.cloneTo("c3", uuid("c3"), NOW));
    snapshot.destroy();
    one.destroy();
    assertTrue(pool.findReplica(uuid("s1")).isPresent());
    try (var volume = node.volume(two)) {
      ok(volume.read(0, 8));
      assertArrayEquals(content, volume.content(8));
    }
    two.destroy();
    assertEquals(List.of("r1"), names(pool.replicas()));
    try (var volume = node.volume(replica)) {
      ok(volume.read(0, 8));
      assertArrayEquals(content, volume.content(8));
    }
    assertTrue(node.devices().find("s1").isEmpty());
    adds(pool);
  }

  @Test
  void aSnapshotOfACloneCountsOnlyWhatCameAfterTheCloning() throws Exception {
    var replica = pool.create(thick("r1", 4 * MIB));
    var clone = replica.snapshot(snapshot("s1")).cloneTo("c1", uuid("c1"), NOW);
    try (var volume = node.volume(clone)) {
      ok(volume.write(0, random(1, 4096)));
    }
    var first = clone.snapshot(snapshot("cs1"));
    var second = clone.snapshot(snapshot("cs2"));
    assertEquals(Optional.of(1L), clone.info().usage().ancestorClustersSinceClone());
    assertEquals(5, clone.info().usage().ancestorClusters());
    assertEquals(MIB, second.info().usage().referencedBytes());
    assertEquals(0, first.info().usage().referencedBytes());
    // The clone goes, but its snapshots build upon the source.
    var source = pool.findReplica(uuid("s1")).orElseThrow();
    clone.destroy();
    refused(Kind.IN_USE, source::destroy);
    second.destroy();
    first.destroy();
    source.destroy();
    assertEquals(List.of("r1"), names(pool.replicas()));
    adds(pool);
  }

  @Test
  void aSnapshotIsNeitherSharedNorResizedNorASourceOfSnapshots() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    var snapshot = replica.snapshot(snapshot("s1"));
    refused(Kind.READ_ONLY, () -> snapshot.share(Set.of()));
    refused(Kind.READ_ONLY, () -> snapshot.resize(5 * MIB));
    refused(Kind.READ_ONLY, () -> snapshot.snapshot(snapshot("s2")));
    refused(Kind.READ_ONLY, () -> snapshot.entityId("v"));
    refused(Kind.INVALID_ARGUMENT, () -> replica.cloneTo("c1", uuid("c1"), NOW));
    refused(Kind.REPLICA_EXISTS, () -> replica.snapshot(snapshot("s1")));
  }

  private static List<String> names(List<ReplicaInfo> replicas) {
    return replicas.stream().map(ReplicaInfo::name).sorted().toList();
  }
}
