package io.tenon.pool.internal;

import static io.tenon.pool.internal.TestNode.MIB;
import static io.tenon.pool.internal.TestNode.adds;
import static io.tenon.pool.internal.TestNode.ok;
import static io.tenon.pool.internal.TestNode.random;
import static io.tenon.pool.internal.TestNode.refused;
import static io.tenon.pool.internal.TestNode.thin;
import static io.tenon.pool.internal.TestNode.uuid;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.block.testing.RandomLoad;
import io.tenon.block.testing.StrangeOwner;
import io.tenon.block.testing.Waiting;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolSpec;
import java.io.RandomAccessFile;
import java.lang.reflect.Proxy;
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
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** One pool of two is tried by another version of the service, beside the one that has the other. */
@Timeout(300)
class LentPoolTest {
  private static final int ROUNDS = 3;
  private static final int DEPTH = 16;
  private static final int REQUESTS_PER_LEG = 800;

  @TempDir private Path directory;
  private TestNode node;
  private String disk = "";
  private Pool pool;
  private Pool stays;
  private DeviceSlot slot;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
    disk = disk("disk0");
    pool = node.pools.create(PoolSpec.of("fast0", disk).withClusterBytes(MIB));
    stays = node.pools.create(PoolSpec.of("slow0", disk("disk1")).withClusterBytes(MIB));
    stays.create(thin("other", MIB));
    slot = pool.create(thin("r1", 32 * MIB)).device().orElseThrow();
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private String disk(String name) throws Exception {
    var file = directory.resolve(name);
    try (var made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(64 * MIB);
    }
    return file.toString();
  }

  private DeviceSlot diskSlot() {
    return node.devices().find(disk).orElseThrow();
  }

  private void isBack() {
    assertTrue(node.pools.has(slot));
    assertEquals(SlotState.READY, slot.state());
    var back = node.pools.findByName("fast0").orElseThrow();
    assertSame(slot, back.findReplica(uuid("r1")).orElseThrow().device().orElseThrow());
    assertEquals(List.of(), node.pools.absent());
  }

  private List<String> remembered() {
    return node.remembered().stream().map(KnownPool::name).toList();
  }

  @Test
  void itIsTriedUnderLoadAndComesBack() throws Exception {
    pool.findReplica(uuid("r1")).orElseThrow().share(Set.of("nqn.host"));
    var subsystem = node.target.subsystems().getFirst();
    var before = node.remembered();
    var volume = node.volume("r1");
    var load = new RandomLoad(volume, DEPTH, REQUESTS_PER_LEG, 7);
    load.start();
    for (int round = 0; round < ROUNDS; round++) {
      var other = node.trial();
      node.pools.lend(slot, other);
      var there = other.findByName("fast0").orElseThrow();
      assertTrue(other.has(slot) && !node.pools.has(slot));
      assertEquals(List.of(there), other.all());
      assertEquals(List.of(there, stays), node.pools.all());
      assertSame(there, node.pools.findByUuid(pool.uuid()).orElseThrow());
      assertSame(there, node.pools.findReplica(uuid("r1")).orElseThrow().pool());
      assertEquals(List.of(), node.pools.absent());
      // It is what it was, by whatever name its disk was given.
      assertEquals(pool.info().disk(), there.info().disk());
      refused(Kind.POOL_EXISTS, () -> node.pools.create(PoolSpec.of("fast0", disk)));
      // Whoever asks the one is answered by the other.
      String more = "more" + round;
      node.pools.findByName("fast0").orElseThrow().create(thin(more, MIB));
      assertEquals(SlotState.READY, node.devices().find(more).orElseThrow().state());
      assertEquals(before, node.remembered());
      other.leave();
      node.pools.takeUp(slot);
      isBack();
      assertFalse(other.has(slot));
      assertEquals(
          SlotState.READY,
          node.pools.findReplica(uuid(more)).orElseThrow().device().orElseThrow().state());
    }
    load.await();
    assertEquals(DEPTH * REQUESTS_PER_LEG, load.completions());
    volume.close();
    assertEquals(List.of(subsystem), node.target.subsystems());
    assertEquals(before, node.remembered());
    var back = node.pools.findByName("fast0").orElseThrow();
    assertEquals(ROUNDS + 1, back.replicas().size());
    adds(back);
    back.export();
    assertEquals(List.of("slow0"), remembered());
  }

  @Test
  void allThatAreOnItsDiskGoTogether() throws Exception {
    var second = pool.create(thin("r2", MIB)).device().orElseThrow();
    assertEquals(List.of(slot, second), node.pools.lentWith(slot));
    assertEquals(List.of(slot, second), node.pools.lentWith(diskSlot()));
    assertEquals(List.of(), node.trial().lentWith(slot));
    var other = node.trial();
    node.pools.lend(second, other);
    assertTrue(other.has(slot) && other.has(second));
    other.leave();
    node.pools.takeUp(second);
    isBack();
    assertTrue(node.pools.has(second));
  }

  @Test
  void oneThatIsExportedMeanwhileIsForgotten() throws Exception {
    var other = node.trial();
    node.pools.lend(slot, other);
    node.pools.findByName("fast0").orElseThrow().export();
    assertEquals(List.of(stays), node.pools.all());
    // It is nobody's, so it can be had again, here as anywhere.
    var again = node.pools.load(disk, "fast0", Optional.empty());
    other.leave();
    node.pools.takeUp(slot);
    assertEquals(List.of(again, stays), node.pools.all());
    assertEquals(List.of("fast0", "slow0"), remembered());
  }

  @Test
  void oneThatIsExportedMeanwhileIsForgottenThoughNobodyLooks() throws Exception {
    var other = node.trial();
    node.pools.lend(slot, other);
    other.findByName("fast0").orElseThrow().export();
    other.leave();
    node.pools.takeUp(slot);
    assertEquals(List.of("slow0"), remembered());
    assertEquals(List.of(stays), node.pools.all());
    assertEquals(List.of(), node.pools.absent());
  }

  @Test
  void oneThatWasOnlyLetGoComesBack() throws Exception {
    var other = node.trial();
    node.pools.lend(slot, other);
    other.close();
    node.pools.takeUp(slot);
    var back = node.pools.findByName("fast0").orElseThrow();
    var again = back.findReplica(uuid("r1")).orElseThrow().device().orElseThrow();
    assertEquals(SlotState.READY, again.state());
    assertTrue(node.pools.has(again));
    assertEquals(List.of("fast0", "slow0"), remembered());
    assertEquals(List.of(), node.pools.absent());
  }

  @Test
  void oneThatIsDestroyedMeanwhileIsForgottenThoughNobodyLooks() throws Exception {
    var other = node.trial();
    node.pools.lend(slot, other);
    other.findByName("fast0").orElseThrow().destroy();
    other.leave();
    node.pools.takeUp(slot);
    assertEquals(List.of("slow0"), remembered());
    assertEquals(List.of(stays), node.pools.all());
    assertEquals(List.of(), node.pools.absent());
    node.pools.create(PoolSpec.of("fast0", disk));
  }

  @Test
  void oneWhoseTrialEndsWithTheNodeIsNotForgotten() throws Exception {
    var other = node.trial();
    node.pools.lend(slot, other);
    other.deactivate(ofNodeThatStops());
    assertEquals(List.of("fast0", "slow0"), node.pools.all().stream().map(Pool::name).toList());
    node.pools.takeUp(slot);
    assertEquals(List.of("fast0", "slow0"), remembered());
    isBack();
  }

  private static BundleContext ofNodeThatStops() {
    var loader = LentPoolTest.class.getClassLoader();
    var whole =
        Proxy.newProxyInstance(loader, new Class<?>[] {Bundle.class}, (_, _, _) -> Bundle.STOPPING);
    return (BundleContext)
        Proxy.newProxyInstance(loader, new Class<?>[] {BundleContext.class}, (_, _, _) -> whole);
  }

  @Test
  void aDiskThatIsOpenedByAnotherUriMeanwhileIsRememberedByThatOne() throws Exception {
    var other = node.trial();
    node.pools.lend(slot, other);
    node.changes().change(diskSlot(), "other://" + disk);
    assertEquals("other://" + disk, node.remembered().getFirst().disk());
    other.leave();
    node.pools.takeUp(slot);
    isBack();
    assertEquals("other://" + disk, node.pools.findByName("fast0").orElseThrow().info().disk());
  }

  @Test
  void untilTheOtherOneHasItItIsShownAndNotChanged() throws Exception {
    var refuses = node.trial();
    refuses.leave();
    var refusal = assertThrows(DeviceException.class, () -> node.pools.lend(slot, refuses));
    assertEquals(DeviceException.Kind.IO, refusal.kind());
    assertTrue(refusal.getMessage().contains("The node's pool service is stopping."));
    assertEquals(SlotState.VACANT, slot.state());
    var shown = node.pools.findByName("fast0").orElseThrow();
    assertEquals(pool.uuid(), shown.uuid());
    assertEquals(List.of(uuid("r1")), shown.replicas().stream().map(one -> one.uuid()).toList());
    assertEquals(disk, shown.info().disk());
    refused(Kind.BUSY, () -> shown.create(thin("r2", MIB)));
    refused(Kind.BUSY, shown::export);
    refused(Kind.BUSY, shown::destroy);
    refused(Kind.BUSY, () -> node.pools.findReplica(uuid("r1")).orElseThrow().share(Set.of()));
    node.pools.takeUp(slot);
    isBack();
    assertEquals(List.of("fast0", "slow0"), remembered());
  }

  @Test
  void oneWhoseDiskIsGoneComesBackWithIt() throws Exception {
    try (var volume = node.volume("r1")) {
      ok(volume.write(0, random(1, 4096)));
    }
    var other = node.trial();
    node.pools.lend(slot, other);
    var away = directory.resolve("away");
    Files.move(Path.of(disk), away);
    var _ = diskSlot().fail("It was unplugged.");
    var there = node.pools.findByName("fast0").orElseThrow();
    Waiting.until("suspended", () -> !there.info().reason().isEmpty());
    other.leave();
    node.pools.takeUp(slot);
    Waiting.until("absent", () -> !node.pools.absent().isEmpty());
    assertEquals(List.of(stays), node.pools.all());
    Files.move(away, Path.of(disk));
    Waiting.until("it is back", () -> node.pools.has(slot) && slot.state() == SlotState.READY);
    isBack();
    try (var volume = node.volume("r1")) {
      ok(volume.read(0, 8));
      assertArrayEquals(random(1, 4096), volume.content(8));
    }
  }

  @Test
  void whoServesNoPoolsIsLentNone() {
    var stranger = new StrangeOwner();
    var refusal = assertThrows(DeviceException.class, () -> node.pools.lend(slot, stranger));
    assertEquals(DeviceException.Kind.UNSUPPORTED, refusal.kind());
    isBack();
  }

  @Test
  void aServiceThatHasStoppedTakesNothingUp() throws Exception {
    var other = node.trial();
    node.pools.lend(slot, other);
    var former = node.pools;
    node.replacePools();
    other.leave();
    former.takeUp(slot);
    Waiting.until("the successor has it", () -> node.pools.has(slot));
    assertEquals(List.of(), former.all());
  }
}
