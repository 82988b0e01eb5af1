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
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.Waiting;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolSpec;
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

/** A node's pools are there again when it is, unless they live elsewhere now. */
class ReturningPoolsTest {
  @TempDir private Path directory;
  private TestNode node;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode(memory("a"));
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private PoolMemory memory(String name) throws Exception {
    var data = Files.createDirectories(directory.resolve("data-" + name));
    return PoolsFile.open(data, name, UUID::randomUUID);
  }

  private void restart() throws Exception {
    node.close();
    node = new TestNode(memory("a"));
  }

  private String disk(String name) throws IOException {
    var file = directory.resolve(name);
    try (var made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(64 * MIB);
    }
    return file.toString();
  }

  private static PoolSpec spec(String name, String disk) {
    return PoolSpec.of(name, disk).withClusterBytes(MIB);
  }

  private Pool back(String name) {
    Waiting.until(name + " is back", () -> node.pools.findByName(name).isPresent());
    return node.pools.findByName(name).orElseThrow();
  }

  private String reason() {
    return node.pools.absent().isEmpty() ? "" : node.pools.absent().getFirst().reason();
  }

  @Test
  void poolsComeBackByThemselvesWithTheirShares() throws Exception {
    var fast = node.pools.create(spec("fast0", disk("disk0")));
    var r1 = fast.create(thick("r1", 4 * MIB));
    r1.share(Set.of("nqn.a"));
    var slow = node.pools.create(spec("slow0", "aio://" + disk("disk1")));
    var content = random(5, 4096);
    try (var volume = node.volume(r1)) {
      ok(volume.write(8, content));
    }
    var before = fast.replicas();
    restart();
    assertEquals(slow.uuid(), back("slow0").uuid());
    var again = back("fast0");
    Waiting.until("its replicas", () -> again.replicas().equals(before));
    assertEquals(1, node.target.subsystems().size());
    try (var volume = node.volume("r1")) {
      ok(volume.read(8, 8));
      assertArrayEquals(content, volume.content(8));
    }
    assertEquals(List.of(), node.pools.absent());
    adds(again);
    // What a control plane then asks for.
    refused(
        Kind.POOL_EXISTS, () -> node.pools.load(directory + "/disk0", "fast0", Optional.empty()));
    refused(Kind.POOL_EXISTS, () -> node.pools.create(spec("fast0", directory + "/disk0")));
    refused(Kind.INVALID_ARGUMENT, () -> node.pools.create(spec("fast0", directory + "/disk9")));
  }

  @Test
  void aPoolWhoseDiskIsOpenedByAnotherBackendGoesOnAndComesBackByThatOne() throws Exception {
    String disk = disk("disk0");
    var pool = node.pools.create(spec("fast0", disk));
    var replica = pool.create(thick("r1", 4 * MIB));
    var content = random(5, 4096);
    try (var volume = node.volume(replica)) {
      ok(volume.write(8, content));
      node.changes().change(node.devices().find(disk).orElseThrow(), "other://" + disk);
      ok(volume.read(8, 8));
      assertArrayEquals(content, volume.content(8));
    }
    assertEquals("other://" + disk, pool.info().disk());
    assertEquals(List.of(), pool.info().findings());
    node.replacePools();
    assertEquals("other://" + disk, back("fast0").info().disk());
    restart();
    assertEquals("other://" + disk, back("fast0").info().disk());
    assertEquals("other://" + disk, node.devices().find(disk).orElseThrow().uri());
    // What a control plane asks for by the URI that it knows.
    refused(Kind.POOL_EXISTS, () -> node.pools.load("aio://" + disk, "fast0", Optional.empty()));
    try (var volume = node.volume("r1")) {
      ok(volume.read(8, 8));
      assertArrayEquals(content, volume.content(8));
    }
  }

  @Test
  void aUriThatCannotBeWrittenDownIsToldAndWrittenWhenItIsAskedForAgain() throws Exception {
    String disk = disk("disk0");
    var pool = node.pools.create(spec("fast0", disk));
    var slot = node.devices().find(disk).orElseThrow();
    var obstacle = Files.createDirectory(directory.resolve("data-a/pools.json.new"));
    node.changes().change(slot, "other://" + disk);
    assertTrue(
        pool.info().findings().toString().contains("former URI"), "" + pool.info().findings());
    Files.delete(obstacle);
    node.changes().change(slot, "other://" + disk);
    assertEquals(List.of(), pool.info().findings());
    restart();
    assertEquals("other://" + disk, back("fast0").info().disk());
  }

  @Test
  void anAbsentDiskIsWaitedForAndTheReasonIsSaid() throws Exception {
    String disk = disk("disk0");
    var pool = node.pools.create(spec("fast0", disk));
    node.close();
    Files.move(Path.of(disk), directory.resolve("away"));
    node = new TestNode(memory("a"));
    Waiting.until("a reason that names the disk", () -> reason().contains(disk));
    var absent = node.pools.absent().getFirst();
    assertEquals("fast0", absent.name());
    assertEquals(pool.uuid(), absent.uuid());
    assertEquals(List.of(), node.pools.all());
    refused(Kind.DISK, () -> node.pools.load(disk, "fast0", Optional.empty()));
    Files.move(directory.resolve("away"), Path.of(disk));
    assertEquals(pool.uuid(), back("fast0").uuid());
    assertEquals(List.of(), node.pools.absent());
  }

  @Test
  void exportedDestroyedAndForgottenPoolsDoNotComeBack() throws Exception {
    node.pools.create(spec("exported", disk("disk0"))).export();
    node.pools.create(spec("destroyed", disk("disk1"))).destroy();
    var _ = node.pools.create(spec("forgotten", disk("disk2")));
    var _ = node.pools.create(spec("kept", disk("disk3")));
    node.close();
    Files.delete(directory.resolve("disk2"));
    node = new TestNode(memory("a"));
    var _ = back("kept");
    Waiting.until("waits for disk2", () -> reason().contains("disk2"));
    assertTrue(node.pools.forget("forgotten"));
    assertFalse(node.pools.forget("forgotten"));
    restart();
    var _ = back("kept");
    assertEquals(1, node.pools.all().size());
    assertEquals(List.of(), node.pools.absent());
  }

  @Test
  void aDiskWithAnotherPoolIsNeverTaken() throws Exception {
    String disk = disk("disk0");
    var pool = node.pools.create(spec("fast0", disk));
    node.close();
    Files.delete(Path.of(disk));
    try (var other = new TestNode(memory("b"))) {
      other
          .pools
          .create(spec("fast0", disk("disk0")).withUuid(new UUID(1, 2)))
          .create(thin("theirs", MIB));
    }
    byte[] theirs = Files.readAllBytes(Path.of(disk));
    node = new TestNode(memory("a"));
    Waiting.until("the reason that it is another pool", () -> reason().contains("with uuid"));
    assertEquals(List.of(), node.pools.all());
    assertArrayEquals(theirs, Files.readAllBytes(Path.of(disk)));
    assertEquals(pool.uuid(), node.pools.absent().getFirst().uuid());
  }

  @Test
  void aPoolThatWasNotExportedIsImportedElsewhereByItsDiskAloneAndStaysThere() throws Exception {
    String disk = disk("disk0");
    var made = node.pools.create(spec("fast0", disk));
    made.create(thick("r1", 4 * MIB)).share(Set.of("nqn.a"));
    var content = random(5, 4096);
    try (var volume = node.volume("r1")) {
      ok(volume.write(8, content));
    }
    node.close();
    try (var other = new TestNode(memory("b"))) {
      var moved = other.pools.load(disk, Optional.empty());
      assertEquals("fast0", moved.name());
      assertEquals(made.uuid(), moved.uuid());
      assertEquals(Set.of("nqn.a"), moved.replicas().getFirst().allowedHosts());
      try (var volume = other.volume("r1")) {
        ok(volume.read(8, 8));
        assertArrayEquals(content, volume.content(8));
      }
    }
    node = new TestNode(memory("a"));
    Waiting.until("the reason that names node b", () -> reason().contains("served by node b"));
    assertEquals(List.of(), node.pools.all());
    assertEquals(List.of(), node.target.subsystems());
    // Somebody who knows that the other node is gone says so.
    assertEquals(1, node.pools.load(disk, Optional.empty()).replicas().size());
    restart();
    var _ = back("fast0");
  }

  @Test
  void aPoolThatAnotherNodeHasExportedDoesNotComeBackByItself() throws Exception {
    String disk = disk("disk0");
    var _ = node.pools.create(spec("fast0", disk));
    node.close();
    try (var other = new TestNode(memory("b"))) {
      other.pools.load(disk, Optional.empty()).export();
    }
    node = new TestNode(memory("a"));
    Waiting.until("the reason", () -> reason().contains("exported by another node"));
    assertEquals(List.of(), node.pools.all());
  }
}
