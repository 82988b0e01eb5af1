package io.tenon.pool.internal;

import static io.tenon.pool.internal.TestNode.MIB;
import static io.tenon.pool.internal.TestNode.adds;
import static io.tenon.pool.internal.TestNode.ok;
import static io.tenon.pool.internal.TestNode.random;
import static io.tenon.pool.internal.TestNode.refused;
import static io.tenon.pool.internal.TestNode.thick;
import static io.tenon.pool.internal.TestNode.thin;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.BrittleDisks;
import io.tenon.block.testing.Waiting;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.PoolState;
import io.tenon.pool.Replica;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A disk that is there, and fails some of what it is told or does not answer. */
@Timeout(180)
class TroubledDiskTest {
  private final BrittleDisks disks = new BrittleDisks(new MallocProvider());
  private TestNode node;
  private Pool pool;
  private int changes;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
    node.add(disks, "brittle");
    pool =
        node.pools.create(PoolSpec.of("fast0", "brittle:///disk?size_mb=64").withClusterBytes(MIB));
  }

  @AfterEach
  void stop() throws Exception {
    disks.hanging = false;
    disks.failing = false;
    node.close();
  }

  @Test
  void afterAChangeThatFailedThePoolIsReadAnewAndUsersOfReplicasNoticeNothing() throws Exception {
    var replica = pool.create(thick("r1", 4 * MIB));
    var content = random(9, 4096);
    try (var volume = node.volume(replica)) {
      ok(volume.write(8, content));
      for (int after = 0; after < 8; after++) {
        String name = "x" + after;
        disks.failsOnceAfter.set(after);
        try {
          pool.create(thin(name, MIB));
        } catch (PoolException e) {
          assertEquals(Kind.SUSPENDED, e.kind(), e.getMessage());
        }
        disks.failsOnceAfter.set(-1);
        ok(volume.read(8, 8));
        assertArrayEquals(content, volume.content(8));
        ok(volume.write(8, content));
        Waiting.until("the pool can be changed again", () -> canBeChanged("y" + name));
        adds(pool);
      }
    }
  }

  private boolean canBeChanged(String name) {
    try {
      pool.create(thin(name, MIB));
      return true;
    } catch (PoolException e) {
      // Busy while it is read anew, which takes long on a busy machine.
      assertTrue(e.kind() == Kind.SUSPENDED || e.kind() == Kind.BUSY, e.getMessage());
      return false;
    }
  }

  /** What a caller changes, which may be refused. */
  private interface Change {
    void run() throws PoolException;
  }

  @Test
  void hostsOfAShareAreThoseOnTheDiskAfterAChangeOfThemThatFailed() throws Exception {
    pool.create(thin("r1", MIB)).share(Set.of("nqn.first"));
    for (int after = 0; after < 6; after++) {
      String host = "nqn.host" + after;
      failsOnce(after, () -> replica().share(Set.of(host)));
      assertIsAsOnTheDisk();
    }
  }

  @Test
  void aReplicaIsSharedOrNotAsTheDiskSaysAfterAChangeOfThatThatFailed() throws Exception {
    pool.create(thin("r1", MIB));
    for (int after = 0; after < 6; after++) {
      replica().share(Set.of());
      failsOnce(after, () -> replica().unshare());
      assertIsAsOnTheDisk();
      failsOnce(after, () -> replica().share(Set.of("nqn.host")));
      assertIsAsOnTheDisk();
    }
  }

  @Test
  void aRefusedShareLeavesTheHostsOfTheOneThatIsThere() throws Exception {
    var replica = pool.create(thin("r1", MIB));
    replica.share(Set.of("nqn.first"));
    disks.hanging = true;
    var refused = new CompletableFuture<PoolException>();
    Thread.startVirtualThread(
        () -> {
          try {
            replica.share(Set.of("nqn.second"));
            refused.completeExceptionally(new AssertionError("not refused"));
          } catch (PoolException e) {
            refused.complete(e);
          }
        });
    Waiting.until("it is being written", () -> disks.held.get() > 0);
    var subsystem = node.target.subsystems().getFirst();
    assertEquals(Set.of("nqn.first"), subsystem.options().hosts());
    disks.failsOnceAfter.set(0);
    disks.hanging = false;
    refused.get(60, TimeUnit.SECONDS);
    disks.failsOnceAfter.set(-1);
    assertEquals(List.of(subsystem), node.target.subsystems());
  }

  private Replica replica() {
    return pool.findReplica(TestNode.uuid("r1")).orElseThrow();
  }

  /** The disk fails one of its writes, or none. */
  private void failsOnce(int after, Change change) throws Exception {
    disks.failsOnceAfter.set(after);
    try {
      change.run();
    } catch (PoolException e) {
      assertEquals(Kind.SUSPENDED, e.kind(), e.getMessage());
    }
    disks.failsOnceAfter.set(-1);
    changes++;
    Waiting.until("the pool can be changed again", () -> canBeChanged("z" + changes));
    pool.findReplica(TestNode.uuid("z" + changes)).orElseThrow().destroy();
  }

  /** A successor knows what the disk says, and nothing else. */
  private void assertIsAsOnTheDisk() throws Exception {
    var told = replica().info();
    assertEquals(told.shared() ? 1 : 0, node.target.subsystems().size());
    node.replacePools();
    Waiting.until("the pool is back", () -> node.pools.findByName("fast0").isPresent());
    pool = node.pools.findByName("fast0").orElseThrow();
    var now = replica().info();
    assertEquals(told.shared(), now.shared());
    assertEquals(told.allowedHosts(), now.allowedHosts());
  }

  @Test
  void aDiskThatTakesNoWritesSuspendsThePoolUntilItDoes() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    try (var volume = node.volume(replica)) {
      ok(volume.write(0, random(1, 4096)));
      disks.failing = true;
      assertEquals(IoStatus.IO_ERROR, volume.write(2 * 2048, random(2, 4096)));
      Waiting.until("suspended", () -> pool.info().state() == PoolState.SUSPENDED);
      assertTrue(pool.info().reason().contains("Its disk is there, but"), pool.info().reason());
      refused(Kind.SUSPENDED, () -> pool.create(thin("r2", MIB)));
      Waiting.until("its replicas are gone", () -> volume.read(0, 8) == IoStatus.DEVICE_GONE);
      disks.failing = false;
      Waiting.until("online", () -> pool.info().state() == PoolState.ONLINE);
      ok(volume.write(2 * 2048, random(2, 4096)));
      ok(volume.read(0, 8));
      assertArrayEquals(random(1, 4096), volume.content(8));
    }
    adds(pool);
  }

  @Test
  void whileTheDiskDoesNotAnswerNobodyWaitsForEver() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    var seen = pool.replicas();
    disks.hanging = true;
    var made = new CompletableFuture<Object>();
    Thread.startVirtualThread(
        () -> {
          try {
            made.complete(pool.create(thin("r2", MIB)));
          } catch (PoolException e) {
            made.completeExceptionally(e);
          }
        });
    Waiting.until("r2 is being created", () -> disks.held.get() > 0);
    var busy = refused(Kind.BUSY, () -> replica.resize(2 * MIB));
    assertTrue(busy.why().contains("Replica r2 is being created."), busy.why());
    refused(Kind.BUSY, pool::export);
    refused(Kind.BUSY, pool::destroy);
    assertEquals(seen, pool.replicas());
    assertTrue(pool.info().findings().toString().contains("has not answered"), "not said");
    assertEquals("r1", replica.info().name());
    disks.hanging = false;
    made.get(60, TimeUnit.SECONDS);
    Waiting.until("numbers are new", () -> pool.info().findings().isEmpty());
    adds(pool);
  }
}
