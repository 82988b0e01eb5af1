package io.tenon.pool.internal;

import static io.tenon.pool.internal.TestNode.MIB;
import static io.tenon.pool.internal.TestNode.refused;
import static io.tenon.pool.internal.TestNode.thick;
import static io.tenon.pool.internal.TestNode.thin;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.pool.PoolCheck;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolFinding;
import io.tenon.pool.PoolFinding.Severity;
import io.tenon.pool.PoolFinding.Way;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.RepairSpec;
import io.tenon.pool.ReplicaInfo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people are told about a disk, and how it is repaired by name. */
class PoolChecksTest {
  private static final int PAGE = 4096;

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

  private Path sample(String name) throws IOException {
    var file = directory.resolve(name);
    try (var in = PoolChecksTest.class.getResourceAsStream("/pools/" + name + ".img.gz")) {
      if (in == null) throw new AssertionError("no sample " + name);
      Files.copy(new GZIPInputStream(in), file);
    }
    return file;
  }

  private static List<String> kinds(PoolCheck check) {
    return check.findings().stream().map(PoolFinding::kind).toList();
  }

  private RepairSpec spec() {
    return RepairSpec.losingNothing().copiesIn(directory.resolve("copies"));
  }

  /** Where the root page of a blob of a sample is; its metadata begins at page 4. */
  private static void damage(Path disk, int diskPage) throws IOException {
    try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek((long) diskPage * PAGE + 3000);
      int was = file.read();
      file.seek((long) diskPage * PAGE + 3000);
      file.write(was ^ 0x11);
      file.seek((long) diskPage * PAGE + 3001);
      file.write(0x55);
    }
  }

  @Test
  void aDiskOfMayastorIsDescribedAndNotTouched() throws Exception {
    var disk = sample("pool-512-4m");
    byte[] before = Files.readAllBytes(disk);
    var check = node.checks.check(disk.toString());
    assertEquals(Optional.of("pool-alpha"), check.name());
    assertEquals("5f0c1d5e-7b1a-4c55-9e0e-0d7a51b0a101", check.uuid().orElseThrow().toString());
    assertTrue(check.clean());
    assertEquals(List.of(), check.findings());
    assertEquals(15 * 4 * MIB, check.freeBytes());
    assertEquals(8, check.contents().size());
    var clone = content(check, "clone-1");
    assertEquals(Optional.of(ReplicaInfo.Kind.CLONE), clone.kind());
    assertEquals("snap-1", clone.parent());
    assertTrue(content(check, "rep-thick").shared());
    assertArrayEquals(before, Files.readAllBytes(disk));
    assertEquals(List.of(), node.devices().all());
  }

  private static PoolCheck.Content content(PoolCheck check, String name) {
    return check.contents().stream()
        .filter(content -> content.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theSamplesAreAsTheirMakerSays() throws Exception {
    var expected =
        Map.of(
            "pool-4k-1m", List.of(),
            "pool-dirty", List.of("not_closed"),
            "pool-crash-snap", List.of("not_closed", "snapshot_unfinished"),
            "pool-crash-del",
                List.of("not_closed", "snapshot_unfinished", "lists_ancestors_clusters"),
            "pool-short-map", List.of("lists_of_wrong_length", "lists_of_wrong_length"));
    for (var one : expected.entrySet()) {
      var check = node.checks.check(sample(one.getKey()).toString());
      assertEquals(one.getValue(), kinds(check), one.getKey());
      // Blocks of 4096 bytes are found without being told.
      assertEquals(one.getKey().equals("pool-4k-1m") ? 4096 : 512, check.blockBytes());
      for (PoolFinding finding : check.findings()) assertEquals(Way.IMPORT, finding.way());
    }
  }

  @Test
  void sentencesNameSnapshotsAndReplicas() throws Exception {
    var check = node.checks.check(sample("pool-crash-del").toString());
    var unfinished = check.findings().get(1);
    assertTrue(unfinished.what().startsWith("Snapshot "), unfinished::what);
    assertFalse(unfinished.what().contains("0x"), unfinished::what);
    assertEquals(1, unfinished.concerns().size());
    var erased = node.checks.check(sample("pool-crash-snap").toString()).findings().get(1);
    assertEquals(
        "Snapshot snap-a was being made or deleted when the store stopped.", erased.what());
  }

  @Test
  void aRepairKeepsWhatItChangesAndCanBeTakenBack() throws Exception {
    var disk = sample("pool-crash-del");
    byte[] before = Files.readAllBytes(disk);
    var repair = node.checks.repair(disk.toString(), spec());
    assertEquals(List.of(), repair.after().findings());
    assertTrue(repair.changedPages() > 0);
    var copies = repair.copies().orElseThrow();
    assertTrue(
        new String(Files.readAllBytes(copies), StandardCharsets.ISO_8859_1)
            .startsWith("Tenon: pages of a disk's metadata"));
    assertTrue(copies.getFileName().toString().startsWith("pool-crash-2026"), copies::toString);
    var undone = node.checks.undo(disk.toString(), copies);
    assertEquals(3, undone.findings().size());
    assertArrayEquals(before, Files.readAllBytes(disk));
  }

  @Test
  void whatCannotBeReadIsGivenUpByNameAndTheRestStays() throws Exception {
    var disk = sample("pool-512-4m");
    int page = pageWith(disk, "rep-thick");
    damage(disk, page);
    var check = node.checks.check(disk.toString());
    assertEquals(List.of("unreadable"), kinds(check));
    var finding = check.findings().getFirst();
    assertEquals(Severity.DAMAGE, finding.severity());
    assertEquals("rep-thick", finding.giveUp());
    assertTrue(finding.what().contains("rep-thick"), finding::what);
    assertTrue(finding.lost().contains("replica rep-thick"), finding::lost);
    assertTrue(content(check, "rep-thick").kind().isEmpty());
    assertEquals(0, node.checks.repair(disk.toString(), spec()).changedPages());
    refused(
        Kind.REPLICA_NOT_FOUND,
        () -> node.checks.repair(disk.toString(), spec().givingUp("nosuch")));
    refused(
        Kind.INVALID_ARGUMENT,
        () -> node.checks.repair(disk.toString(), spec().givingUp("rep-thin")));
    var repair = node.checks.repair(disk.toString(), spec().givingUp("rep-thick"));
    assertEquals(List.of(), repair.after().findings());
    var pool = node.pools.load(disk.toString(), "pool-alpha", Optional.empty());
    assertEquals(7, pool.replicas().size());
  }

  @Test
  void whatHasLostEvenItsNameIsCalledByItsBlob() throws Exception {
    var disk = sample("pool-512-4m");
    for (String name : List.of("rep-thick", "rep-empty")) {
      try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
        file.seek((long) pageWith(disk, name) * PAGE);
        file.write(new byte[PAGE]);
      }
    }
    var check = node.checks.check(disk.toString());
    assertEquals(List.of("unreadable", "unreadable"), kinds(check));
    String[] lost = check.findings().stream().map(PoolFinding::giveUp).toArray(String[]::new);
    assertTrue(lost[0].startsWith("0x1") && !lost[0].equals(lost[1]), lost[0]);
    var repair = node.checks.repair(disk.toString(), spec().givingUp(lost));
    assertEquals(List.of(), repair.after().findings());
    assertEquals(6, repair.after().contents().size());
  }

  private static int pageWith(Path disk, String name) throws IOException {
    String content = new String(Files.readAllBytes(disk), StandardCharsets.ISO_8859_1);
    return content.indexOf("name" + name) / PAGE;
  }

  @Test
  void aPoolWithoutANameGetsOneBack() throws Exception {
    var disk = sample("pool-512-4m");
    damage(disk, pageWith(disk, "pool-alpha"));
    var check = node.checks.check(disk.toString());
    assertTrue(kinds(check).contains("owner_missing"), () -> kinds(check).toString());
    assertTrue(check.name().isEmpty());
    refused(Kind.NO_POOL, () -> node.pools.load(disk.toString(), "pool-alpha", Optional.empty()));
    var uuid = TestNode.uuid("again");
    var repair = node.checks.repair(disk.toString(), spec().named("pool-alpha", Optional.of(uuid)));
    assertEquals(List.of(), repair.after().findings());
    var pool = node.pools.load(disk.toString(), "pool-alpha", Optional.of(uuid));
    assertEquals(8, pool.replicas().size());
    pool.export();
    refused(
        Kind.INVALID_ARGUMENT,
        () -> node.checks.repair(disk.toString(), spec().named("other", Optional.empty())));
  }

  @Test
  void aPoolInUseIsReadAndNotRepaired() throws Exception {
    var disk = directory.resolve("disk");
    try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(128 * MIB);
    }
    var pool = node.pools.create(PoolSpec.of("fast0", disk.toString()));
    pool.create(thin("thin", 32 * MIB));
    pool.create(thick("thick", 16 * MIB));
    var check = node.checks.check(disk.toString());
    assertEquals(Optional.of("pool fast0"), check.usedBy());
    assertEquals(List.of(), check.findings());
    assertEquals(2, check.contents().size());
    refused(Kind.IN_USE, () -> node.checks.repair(disk.toString(), spec()));
    refused(Kind.IN_USE, () -> node.checks.undo(disk.toString(), disk));
    pool.export();
    assertEquals(Optional.empty(), node.checks.check(disk.toString()).usedBy());
  }

  @Test
  void aDiskWithoutAPoolIsNotCheckedWithTheReason() throws Exception {
    var disk = directory.resolve("empty");
    Files.write(disk, new byte[(int) MIB]);
    var refusal = refused(Kind.NO_POOL, () -> node.checks.check(disk.toString()));
    assertTrue(refusal.getMessage().contains("SPDKBLOB"), refusal::getMessage);
    refused(Kind.DISK, () -> node.checks.check(directory.resolve("nosuch").toString()));
    assertEquals(List.of(), node.devices().all());
  }

  @Test
  void withoutAFolderForCopiesNothingIsRepaired() throws Exception {
    var disk = sample("pool-dirty");
    byte[] before = Files.readAllBytes(disk);
    // No data directory of this node can be made.
    refused(Kind.SUSPENDED, () -> node.checks.repair(disk.toString(), RepairSpec.losingNothing()));
    assertArrayEquals(before, Files.readAllBytes(disk));
  }
}
