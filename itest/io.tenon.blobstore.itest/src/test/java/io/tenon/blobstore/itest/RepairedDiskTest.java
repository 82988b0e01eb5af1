package io.tenon.blobstore.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.Remedy;
import io.tenon.blobstore.RepairOrder;
import io.tenon.blobstore.RepairReport;
import io.tenon.blobstore.internal.BlobstoreService;
import io.tenon.block.DeviceSlot;
import io.tenon.block.testing.TestReactors;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Disks of the original that the bundle has repaired are in order for the reader, and hold what it found on them before. */
class RepairedDiskTest {
  private static final int SEEDS = Integer.getInteger("seeds", 25);
  private static TestReactors reactors;

  @TempDir Path directory;

  @BeforeAll
  static void start() throws Exception {
    reactors = TestReactors.start(2);
  }

  @AfterAll
  static void stop() throws Exception {
    reactors.close();
  }

  static List<Samples.Disk> disks() {
    return Samples.all();
  }

  private static RepairReport repair(
      Path path, int blockBytes, RepairOrder order, List<byte[]> copies) throws Exception {
    return onDisk(
        path,
        blockBytes,
        (stores, slot) -> stores.repair(slot, LiveStore.TYPE, order, copies::add));
  }

  private interface Work<T> {
    T on(BlobstoreService stores, DeviceSlot slot) throws BlobstoreException;
  }

  private static <T> T onDisk(Path path, int blockBytes, Work<T> work) throws Exception {
    var slot = new DeviceSlot(new FileDevice(path, blockBytes), "test:///repaired");
    try {
      return work.on(new BlobstoreService(reactors.reactors()), slot);
    } finally {
      TestReactors.await(slot.fail("The test has what it wants.").toCompletableFuture());
    }
  }

  @ParameterizedTest
  @MethodSource("disks")
  void aRepairedSampleIsInOrderForTheReaderAndHoldsAllThatItHeld(Samples.Disk sample)
      throws Exception {
    var path = sample.copyTo(directory);
    byte[] before = Files.readAllBytes(path);
    var copies = new ArrayList<byte[]>();
    repair(path, sample.blockBytes(), RepairOrder.losingNothing(), copies);
    try (var disk = PoolDiskReader.read(path)) {
      assertTrue(disk.superPage.isClean());
      assertEquals(List.of(), disk.inconsistencies);
      SampleDisksTest.check(sample, disk);
    }
    if (copies.isEmpty()) return;
    onDisk(
        path,
        sample.blockBytes(),
        (stores, slot) -> {
          stores.undo(slot, copies.getFirst());
          return true;
        });
    assertTrue(Arrays.equals(before, Files.readAllBytes(path)), "not every byte came back");
  }

  @Test
  void whateverIsDamagedTheReaderAgreesWithWhatTheRepairLeaves() throws Exception {
    var sample = Samples.named("pool-512-4m.img.gz");
    var path = sample.copyTo(directory);
    byte[] intact = Files.readAllBytes(path);
    int repaired = 0;
    long first = Long.getLong("seed", 1);
    for (long seed = first; seed < first + SEEDS; seed++) {
      Files.write(path, intact);
      damage(path, new SplittableRandom(seed));
      if (repairAndRead(path, sample.blockBytes(), "-Dseed=" + seed)) repaired++;
    }
    assertTrue(repaired > SEEDS / 4, "repaired: " + repaired);
  }

  /** Bits of metadata; half of the pages get the checksum that they would have had. */
  private static void damage(Path path, SplittableRandom random) throws Exception {
    try (var file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      for (int hits = 1 + random.nextInt(3); hits > 0; hits--) {
        long at = random.nextInt(24) * (long) DiskImage.PAGE;
        var page = ByteBuffer.allocate(DiskImage.PAGE);
        file.read(page, at);
        int place = random.nextInt(random.nextBoolean() ? 160 : DiskImage.PAGE);
        page.array()[place] ^= (byte) (1 << random.nextInt(8));
        file.write(page.position(0), at);
      }
    }
  }

  private static boolean repairAndRead(Path path, int blockBytes, String what) throws Exception {
    var copies = new ArrayList<byte[]>();
    var order = RepairOrder.losingNothing();
    RepairReport report;
    try {
      report = repair(path, blockBytes, order, copies);
      for (int round = 0; round < 4; round++) {
        var givenUp = givenUp(report.left());
        if (givenUp.isEmpty()) break;
        report = repair(path, blockBytes, order.givingUp(givenUp), copies);
      }
    } catch (BlobstoreException e) {
      assertFalse(e.getMessage().isBlank(), what);
      return false;
    }
    if (!report.left().isEmpty()) return false;
    var opened =
        onDisk(path, blockBytes, (stores, slot) -> stores.inspect(slot, LiveStore.TYPE).blobs());
    try (var disk = PoolDiskReader.read(path)) {
      // What Mayastor makes of attributes is not the bundle's business.
      var wrong =
          disk.inconsistencies.stream()
              .filter(line -> !line.contains("name") && !line.contains("uuid"))
              .toList();
      assertEquals(List.of(), wrong, what);
      var sizes = new TreeMap<Long, Integer>();
      for (var blob : opened) sizes.put(blob.id().value(), (int) blob.clusters());
      var read = new TreeMap<Long, Integer>();
      for (var blob : disk.blobs.values()) read.put(blob.id, blob.map.length);
      assertEquals(sizes, read, what);
    }
    return !copies.isEmpty();
  }

  private static Set<BlobId> givenUp(List<Finding> findings) {
    var givenUp = new TreeSet<BlobId>();
    for (Finding finding : findings) {
      if (finding.remedy(BlobId::toString) instanceof Remedy.GiveUp give) givenUp.add(give.blob());
    }
    return givenUp;
  }
}
