package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.Mask;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is done in whatever order, a store holds what a plain model holds. Replay: {@code -Dseed=...}. */
class ModelTest {
  private static final int STEPS = 10_000;
  private static final long CLUSTER = 64 << 10;
  private static final int CLUSTERS = 96;

  static LongStream seeds() {
    Long one = Long.getLong("seed");
    return one != null ? LongStream.of(one) : LongStream.rangeClosed(1, Long.getLong("seeds", 3));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void randomOperationsLeaveWhatTheModelHasAfterReloadsOfBothKinds(long seed) throws Exception {
    run(seed, STEPS);
  }

  static void run(long seed, int steps) throws Exception {
    var random = new SplittableRandom(seed);
    int blockBytes = random.nextBoolean() ? 512 : 4096;
    var disk = new MemoryDisk(CLUSTERS * CLUSTER, blockBytes);
    disk.discardZeroes = random.nextBoolean();
    var store = Format.run(disk, CLUSTER, 100, "TEST");
    var model = new Model((int) (CLUSTER / 4096));
    var operations = new RandomOperations(random, model.pagesPerCluster);
    for (int step = 0; step < steps; step++) {
      try {
        operations.step(store, model);
      } catch (BlobstoreException | RuntimeException e) {
        throw new AssertionError("seed %d step %d: %s".formatted(seed, step, operations.last()), e);
      }
      if (step % 25 != 24) continue;
      boolean clean = random.nextBoolean();
      if (clean) {
        store.unload();
        checkMasks(disk, "TEST");
      }
      var loaded = StoreLoader.load(disk, "TEST");
      int its = step;
      model
          .difference(loaded, disk, random)
          .ifPresent(
              wrong -> {
                throw new AssertionError(
                    "seed %d step %d after %s: %s".formatted(seed, its, operations.last(), wrong));
              });
      assertEquals(List.of(), loaded.findings);
      if (!clean) assertEquals(loaded.usedClusters, store.space().usedClusters(), "leaks");
      if (!clean) assertEquals(loaded.usedPages, store.space().usedPages(), "leaked pages");
      store = OpenStore.load(disk, "TEST");
      if (disk.sizeBytes() < 2 * CLUSTERS * CLUSTER && random.nextInt(20) == 0) {
        disk.resize(disk.sizeBytes() + 5 * CLUSTER);
        store.grow();
      }
    }
  }

  /** After a clean end the masks are the union of what blobs have: nothing leaks, nothing is free that is used. */
  static void checkMasks(MemoryDisk disk, String type) throws BlobstoreException {
    var store = StoreLoader.load(disk, type);
    var layout = store.layout();
    var superBlock = layout.superBlock();
    assertEquals(true, superBlock.clean());
    var used = new BitSet();
    used.or(Claims.of(store.blobs.values(), List.of()).clusters());
    used.set(0, layout.mdClusters());
    assertEquals(
        used,
        Mask.CLUSTERS.parse(
            disk.read(superBlock.clusterMaskStart(), (int) superBlock.clusterMaskPages()),
            layout.totalClusters()));
    assertEquals(
        Claims.of(store.blobs.values(), List.of()).pages(),
        Mask.PAGES.parse(
            disk.read(superBlock.pageMaskStart(), (int) superBlock.pageMaskPages()),
            layout.mdPages()));
  }
}
