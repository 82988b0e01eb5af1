package io.tenon.pool.internal;

import static io.tenon.pool.internal.TestNode.MIB;
import static io.tenon.pool.internal.TestNode.adds;
import static io.tenon.pool.internal.TestNode.refused;
import static io.tenon.pool.internal.TestNode.thin;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tenon.block.DeviceException;
import io.tenon.block.SlotState;
import io.tenon.block.testing.RandomLoad;
import io.tenon.block.testing.Waiting;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolSpec;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The service of pools is replaced while hosts use replicas. */
@Timeout(300)
class HandoverTest {
  private static final int ROUNDS = 5;
  private static final int DEPTH = 16;
  private static final int REQUESTS_PER_LEG = 1_500;

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

  private String disk(String scheme) throws Exception {
    if (scheme.equals("malloc")) return "malloc:///disk?size_mb=64";
    var file = directory.resolve("disk.img");
    try (var made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(64 * MIB);
    }
    return file.toString();
  }

  private Pool back() {
    Waiting.until("the pool is back", () -> node.pools.findByName("fast0").isPresent());
    return node.pools.findByName("fast0").orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"malloc", "aio"})
  void hostsOfAReplicaNoticeNothing(String scheme) throws Exception {
    var pool = node.pools.create(PoolSpec.of("fast0", disk(scheme)).withClusterBytes(MIB));
    var replica = pool.create(thin("r1", 32 * MIB));
    replica.share(Set.of("nqn.host"));
    pool.create(thin("r2", MIB));
    var slot = replica.device().orElseThrow();
    var subsystem = node.target.subsystems().getFirst();
    var volume = node.volume(replica);
    var load = new RandomLoad(volume, DEPTH, REQUESTS_PER_LEG, 7);
    load.start();
    for (int round = 0; round < ROUNDS; round++) {
      node.replacePools();
      Waiting.until("its device is back", () -> slot.state() == SlotState.READY);
      assertSame(
          slot, back().findReplica(TestNode.uuid("r1")).orElseThrow().device().orElseThrow());
    }
    load.await();
    assertEquals(DEPTH * REQUESTS_PER_LEG, load.completions());
    volume.close();
    assertEquals(List.of(subsystem), node.target.subsystems());
    var again = back();
    Waiting.until("it knows its share", () -> again.replicas().getFirst().shared());
    assertEquals(2, again.replicas().size());
    adds(again);
    again.export();
    assertEquals(List.of(), node.target.subsystems());
    assertEquals(List.of(), node.devices().all());
  }

  @Test
  void theDiskIsKeptForTheSuccessor() throws Exception {
    var pool = node.pools.create(PoolSpec.of("fast0", disk("malloc")).withClusterBytes(MIB));
    pool.create(thin("r1", MIB));
    node.pools.leave();
    refused(Kind.BUSY, () -> node.pools.create(PoolSpec.of("other", "malloc:///m?size_mb=64")));
    var slot = node.devices().find("disk").orElseThrow();
    assertThrows(DeviceException.class, () -> slot.claim("somebody else"));
    assertThrows(DeviceException.class, () -> node.devices().destroy(slot));
    node.replacePools();
    assertEquals(1, back().replicas().size());
  }

  @Test
  void pastTheDeadlineReplicasHaveFailedAndAreBackWithALaterSuccessor() throws Exception {
    var pool = node.pools.create(PoolSpec.of("fast0", disk("aio")).withClusterBytes(MIB));
    var replica = pool.create(thin("r1", MIB));
    replica.share(Set.of());
    var slot = replica.device().orElseThrow();
    node.pools.leave();
    assertEquals(SlotState.VACANT, slot.state());
    Waiting.until("past the deadline", () -> slot.state() == SlotState.FAILED);
    node.replacePools();
    Waiting.until("back", () -> slot.state() == SlotState.READY);
    Waiting.until("shared", () -> back().replicas().getFirst().shared());
  }

  @Test
  void aSuspendedPoolIsTakenUpWhenItsDiskIsBack() throws Exception {
    String disk = disk("aio");
    var pool = node.pools.create(PoolSpec.of("fast0", disk).withClusterBytes(MIB));
    var slot = pool.create(thin("r1", MIB)).device().orElseThrow();
    var away = directory.resolve("away");
    Files.move(Path.of(disk), away);
    var _ = node.devices().find(disk).orElseThrow().fail("It was unplugged.");
    Waiting.until("suspended", () -> !pool.info().reason().isEmpty());
    node.replacePools();
    Waiting.until("absent", () -> !node.pools.absent().isEmpty());
    Files.move(away, Path.of(disk));
    var _ = back();
    Waiting.until("its replica is back", () -> slot.state() == SlotState.READY);
    assertEquals(Optional.empty(), node.pools.absent().stream().findFirst());
  }
}
