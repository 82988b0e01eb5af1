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
      assertEquals(Kind.SUSPENDED, e.kind(), e.getMessage());
      return false;
    }
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
