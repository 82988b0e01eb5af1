package io.tenon.pool.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.error.TenonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PoolsFileTest {
  private static final UUID ID = new UUID(7, 8);
  private static final KnownPool FAST =
      new KnownPool("fast0", new UUID(1, 2), "aio:///dev/disk/by-id/nvme-\"x\"\u00e9");
  private static final KnownPool SLOW = new KnownPool("slow0", new UUID(3, 4), "/dev/sdb");

  @TempDir private Path folder;

  private PoolsFile open() throws TenonException {
    return PoolsFile.open(folder, "n1", () -> ID);
  }

  private Path file() {
    return folder.resolve("pools.json");
  }

  @Test
  void whatIsRememberedAndNotForgottenIsThereInTheNextLife() throws Exception {
    var first = open();
    first.remember(SLOW);
    first.remember(new KnownPool("fast0", new UUID(1, 2), "elsewhere"));
    first.remember(new KnownPool("gone", new UUID(5, 6), "/dev/sdc"));
    first.remember(FAST);
    first.forget("gone");
    first.forget("never there");
    var next = PoolsFile.open(folder, "renamed", () -> new UUID(0, 0));
    assertEquals(List.of(FAST, SLOW), next.pools());
    assertEquals(new ServingNode(ID, "renamed"), next.node());
  }

  @Test
  void whoOnlyAsksForTheNodeChangesNothing() throws Exception {
    assertThrows(TenonException.class, () -> PoolsFile.nodeIn(folder, "n1"));
    assertTrue(Files.notExists(file()));
    open().remember(FAST);
    var before = Files.getLastModifiedTime(file());
    assertEquals(new ServingNode(ID, "renamed"), PoolsFile.nodeIn(folder, "renamed"));
    assertEquals(before, Files.getLastModifiedTime(file()));
    Files.writeString(file(), "rubbish");
    assertThrows(TenonException.class, () -> PoolsFile.nodeIn(folder, "n1"));
    assertEquals("rubbish", Files.readString(file()));
  }

  @Test
  void aDiskThatMovedIsRememberedOfAPoolThatIsKnownAndOfNoOther() throws Exception {
    var first = open();
    first.remember(FAST);
    first.remember(SLOW);
    var moved = new KnownPool("slow0", SLOW.uuid(), "uring:///dev/sdb");
    first.diskMoved(moved);
    first.diskMoved(new KnownPool("fast0", new UUID(9, 9), "uring:///dev/sdc"));
    first.diskMoved(new KnownPool("gone", new UUID(5, 6), "uring:///dev/sdd"));
    assertEquals(List.of(FAST, moved), first.pools());
    assertEquals(List.of(FAST, moved), open().pools());
  }

  @Test
  void whatCouldNotBeWrittenIsWrittenWhenItIsSaidAgain() throws Exception {
    var first = open();
    first.remember(SLOW);
    var moved = new KnownPool("slow0", SLOW.uuid(), "uring:///dev/sdb");
    var obstacle = folder.resolve("pools.json.new");
    Files.createDirectory(obstacle);
    assertThrows(IOException.class, () -> first.diskMoved(moved));
    assertEquals(List.of(SLOW), open().pools());
    Files.delete(obstacle);
    first.diskMoved(moved);
    assertEquals(List.of(moved), open().pools());
  }

  @Test
  void aWriteThatDidNotEndLeavesWhatWasThere() throws Exception {
    open().remember(FAST);
    Files.writeString(folder.resolve("pools.json.new"), "{\"version\": 1, \"no");
    assertEquals(List.of(FAST), open().pools());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{\"version\": 2, \"node\": \"00000000-0000-0007-0000-000000000008\", \"pools\": []}",
        "{\"version\": 1, \"pools\": []}",
        "{\"version\": 1, \"node\": \"x\", \"pools\": []}",
        "{\"version\": 1, \"node\": \"00000000-0000-0007-0000-000000000008\", \"pools\": [{\"name\": \"a\"}]}",
        "{\"version\": 1, \"node\": \"00000000-0000-0007-0000-000000000008\", \"pools\": [1]}",
      })
  void aFileThatIsNotOursIsKeptAsideAndTheNodeStartsWithoutPools(String content) throws Exception {
    Files.writeString(file(), content);
    assertEquals(List.of(), open().pools());
    assertEquals(content, Files.readString(folder.resolve("pools.json.unreadable")));
    assertEquals(ID, open().node().id());
  }

  @Test
  void noDamagedFileKeepsTheNodeFromStarting() throws Exception {
    var written = open();
    written.remember(FAST);
    written.remember(SLOW);
    byte[] good = Files.readAllBytes(file());
    var random = new Random(1);
    for (int round = 0; round < 500; round++) {
      byte[] bad = good.clone();
      for (int i = 0; i < 1 + round % 4; i++) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      Files.write(file(), bad);
      assertTrue(open().pools().size() <= 2);
    }
  }

  @Test
  void aFolderThatCannotBeUsedIsSaid() throws Exception {
    var notAFolder = Files.createFile(folder.resolve("file"));
    var refusal =
        assertThrows(TenonException.class, () -> PoolsFile.open(notAFolder, "n1", () -> ID));
    assertTrue(refusal.getMessage().contains("pools.json"), refusal.getMessage());
  }
}
