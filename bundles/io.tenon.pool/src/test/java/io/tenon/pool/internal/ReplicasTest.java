package io.tenon.pool.internal;

import static io.tenon.pool.internal.TestNode.MIB;
import static io.tenon.pool.internal.TestNode.TARGET;
import static io.tenon.pool.internal.TestNode.adds;
import static io.tenon.pool.internal.TestNode.ok;
import static io.tenon.pool.internal.TestNode.random;
import static io.tenon.pool.internal.TestNode.refused;
import static io.tenon.pool.internal.TestNode.thick;
import static io.tenon.pool.internal.TestNode.thin;
import static io.tenon.pool.internal.TestNode.uuid;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoStatus;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.ReplicaInfo;
import io.tenon.pool.ReplicaSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Replicas on a pool of 63 clusters of 1 MiB. */
class ReplicasTest {
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
  void aReplicaIsABlockDeviceThatIsFoundByNameUuidAndUri() throws Exception {
    var replica = pool.create(thin("r1", 5 * MIB - 1));
    var info = replica.info();
    assertEquals(5 * MIB, info.sizeBytes());
    assertTrue(info.thin());
    assertEquals(ReplicaInfo.Kind.REPLICA, info.kind());
    assertEquals("bdev:///r1?uuid=" + uuid("r1"), info.uri());
    var slot = replica.device().orElseThrow();
    for (String name : List.of("r1", uuid("r1").toString(), info.uri(), "bdev:///" + uuid("r1"))) {
      assertEquals(slot, node.devices().findOrCreate(name), name);
    }
    var content = random(1, 8192);
    try (var volume = node.volume(replica)) {
      ok(volume.write(100, content));
      ok(volume.read(100, 16));
      assertArrayEquals(content, volume.content(16));
    }
    assertEquals(1, replica.info().usage().allocatedClusters());
    assertEquals(MIB, adds(pool).usedBytes());
  }

  @Test
  void aThickReplicaHasAllItsSpaceAtOnceAndBeginsWithZeroes() throws Exception {
    try (var disk = node.volume("disk")) {
      for (int mib = 2; mib < 60; mib++) ok(disk.write(mib * 2048L, random(mib, 1 << 20)));
    }
    var replica = pool.create(thick("r1", 10 * MIB));
    assertFalse(replica.info().thin());
    assertEquals(10 * MIB, adds(pool).usedBytes());
    try (var volume = node.volume(replica)) {
      for (int mib = 0; mib < 8; mib++) {
        ok(volume.read(mib * 2048L, 2048));
        assertArrayEquals(new byte[1 << 20], volume.content(2048));
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefused() throws Exception {
    long capacity = pool.info().capacityBytes();
    refused(Kind.TOO_LARGE, () -> pool.create(thin("r1", capacity + 1)));
    refused(Kind.INVALID_ARGUMENT, () -> pool.create(thin("r1", 0)));
    pool.create(thick("r1", capacity - 4 * MIB));
    refused(Kind.NO_SPACE, () -> pool.create(thick("r2", 5 * MIB)));
    pool.create(thin("r2", capacity));
    assertEquals(2, pool.replicas().size());
    assertEquals(2 * capacity - 4 * MIB, adds(pool).committedBytes());
  }

  @Test
  void namesAndUuidsAreUniqueAndRight() throws Exception {
    pool.create(thin("r1", MIB));
    var other = new UUID(0x4000, 99);
    refused(
        Kind.REPLICA_EXISTS,
        () -> pool.create(new ReplicaSpec("r1", other, MIB, true, Optional.empty())));
    refused(
        Kind.REPLICA_EXISTS,
        () -> pool.create(new ReplicaSpec("r2", uuid("r1"), MIB, true, Optional.empty())));
    refused(
        Kind.REPLICA_EXISTS,
        () -> pool.create(new ReplicaSpec("disk", other, MIB, true, Optional.empty())));
    for (String name : List.of("", "a/b", "a\0b", "x".repeat(64), "\u00e4".repeat(32))) {
      refused(Kind.INVALID_ARGUMENT, () -> pool.create(thin(name, MIB)));
    }
    var longest = pool.create(thin("x".repeat(63), MIB));
    assertEquals("x".repeat(57), longest.device().orElseThrow().name());
    assertEquals(2, pool.replicas().size());
  }

  @Test
  void aFullPoolRefusesNewClustersAndNothingElse() throws Exception {
    var greedy = pool.create(thin("greedy", 63 * MIB));
    var settled = pool.create(thick("settled", 8 * MIB));
    var modest = pool.create(thin("modest", 4 * MIB));
    var megabyte = random(7, 1 << 20);
    try (var one = node.volume(greedy);
        var two = node.volume(settled);
        var three = node.volume(modest)) {
      ok(three.write(0, megabyte));
      long written = 0;
      while (true) {
        var status = one.write(written * 2048, megabyte);
        if (status == IoStatus.NO_SPACE) break;
        ok(status);
        written++;
      }
      assertEquals(0, adds(pool).freeBytes());
      assertEquals(written, greedy.info().usage().allocatedClusters());
      assertEquals(IoStatus.NO_SPACE, three.write(2048, megabyte));
      for (var volume : List.of(one, two, three)) {
        ok(volume.write(0, megabyte));
        ok(volume.read(0, 2048));
        assertArrayEquals(megabyte, volume.content(2048));
      }
      ok(two.write(7 * 2048, megabyte));
      ok(three.read(2048, 2048));
      assertArrayEquals(new byte[1 << 20], three.content(2048));
    }
    refused(Kind.NO_SPACE, () -> settled.resize(9 * MIB));
    greedy.destroy();
    settled.resize(9 * MIB);
    try (var volume = node.volume(modest)) {
      ok(volume.write(2048, megabyte));
    }
    assertEquals(9 * MIB + 2 * MIB, adds(pool).usedBytes());
  }

  @Test
  void aSharedReplicaIsResizedAndListenersHear() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    replica.share(Set.of());
    var heard = Collections.synchronizedList(new ArrayList<Geometry>());
    replica
        .device()
        .orElseThrow()
        .addListener(
            new DeviceListener() {
              @Override
              public void resized(Geometry now) {
                heard.add(now);
              }
            });
    replica.resize(6 * MIB);
    assertEquals(List.of(new Geometry(512, 6 * 2048)), heard);
    assertEquals(6 * MIB, replica.info().sizeBytes());
    try (var volume = node.volume(replica)) {
      ok(volume.write(5 * 2048, random(1, 4096)));
      refused(Kind.IN_USE, () -> replica.resize(2 * MIB));
    }
    replica.unshare();
    replica.resize(2 * MIB);
    assertEquals(0, adds(pool).usedBytes());
    refused(Kind.NO_SPACE, () -> replica.resize(64 * MIB));
  }

  @Test
  void sharingAgainChangesTheHostsOnly() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    String uri = TARGET + "r1?uuid=" + uuid("r1");
    assertEquals(uri, replica.share(Set.of("nqn.a")));
    assertEquals(uri, replica.share(Set.of("nqn.b")));
    var info = replica.info();
    assertTrue(info.shared());
    assertEquals(uri, info.uri());
    assertEquals(Set.of("nqn.b"), info.allowedHosts());
    assertEquals(Set.of("nqn.b"), node.target.subsystems().getFirst().options().hosts());
    replica.unshare();
    replica.unshare();
    assertFalse(replica.info().shared());
    assertEquals(List.of(), node.target.subsystems());
  }

  @Test
  void whatSomebodyUsesStays() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    pool.create(thin("r2", 4 * MIB)).share(Set.of());
    try (var _ = replica.device().orElseThrow().claim("nexus n1")) {
      var refusal = refused(Kind.IN_USE, replica::destroy);
      assertTrue(refusal.getMessage().contains("nexus n1"), refusal.getMessage());
      refused(Kind.IN_USE, pool::export);
      refused(Kind.IN_USE, pool::destroy);
      refused(Kind.SHARE, () -> replica.share(Set.of()));
    }
    assertTrue(pool.findReplica(uuid("r2")).orElseThrow().info().shared());
    pool.destroy();
    refused(Kind.POOL_NOT_FOUND, () -> replica.resize(MIB));
  }
}
