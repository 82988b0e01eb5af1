package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.Reseal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Damaged disks end in an error with a name or in a store that hangs together; replay one with {@code -Dseed=...}. Half of the damage
 * comes with a right checksum, so that it gets past the first gate.
 */
class FuzzedDisksTest {
  private static final int IMAGES_PER_SAMPLE = 400;

  static List<Samples.Disk> disks() {
    return Samples.all();
  }

  @ParameterizedTest
  @MethodSource("disks")
  void aDamagedDiskEndsInANamedErrorOrInAStoreThatHangsTogether(Samples.Disk sample) {
    var intact = sample.open();
    long first = Long.getLong("seed", 1);
    int loaded = 0;
    for (long seed = first; seed < first + IMAGES_PER_SAMPLE; seed++) {
      long its = seed;
      var disk = intact.copy();
      damage(disk, new SplittableRandom(seed));
      boolean ended =
          Assertions.assertTimeoutPreemptively(
              Duration.ofSeconds(20), () -> loads(disk), () -> sample + " -Dseed=" + its);
      if (ended) loaded++;
    }
    assertTrue(loaded > IMAGES_PER_SAMPLE / 4, "most damage must hit blobs: " + loaded);
  }

  /** Flips bits of metadata, or puts in numbers that are nearly right. */
  static void damage(MemoryDisk disk, SplittableRandom random) {
    var candidates = new ArrayList<Long>();
    for (long page : disk.usedPages()) if (page < 104) candidates.add(page);
    int hits = 1 + random.nextInt(4);
    for (int i = 0; i < hits; i++) {
      long at = candidates.get(random.nextInt(candidates.size()));
      if (at == 0 && random.nextInt(4) != 0) continue;
      byte[] page = disk.page(at);
      int place = random.nextBoolean() ? random.nextInt(128) : random.nextInt(page.length);
      switch (random.nextInt(3)) {
        case 0 -> page[place] ^= (byte) (1 << random.nextInt(8));
        case 1 -> page[place] = (byte) random.nextInt(256);
        default -> {
          for (int b = place; b < Math.min(place + 4, page.length); b++) page[b] = (byte) 0xFF;
        }
      }
      if (random.nextBoolean()) Reseal.page(page);
      disk.putPage(at, page);
    }
  }

  private static boolean loads(MemoryDisk disk) {
    try {
      checkHangsTogether(StoreLoader.load(disk, Samples.TYPE));
      return true;
    } catch (BlobstoreException e) {
      assertFalse(e.getMessage().isBlank());
      return false;
    }
  }

  /** No blob that may be written shares anything with another, and all is marked as used. */
  static void checkHangsTogether(LoadedStore store) {
    var layout = store.layout();
    var space = new Space(layout, store.usedPages, store.usedClusters);
    assertTrue(space.freeClusters() >= 0);
    var owners = new java.util.HashMap<Integer, StoredBlob>();
    for (var blob : store.blobs.values()) {
      blob.view().find(0);
      blob.map()
          .forEach(
              (_, cluster) -> {
                assertTrue(layout.isDataCluster(cluster), blob + " has cluster " + cluster);
                assertTrue(store.usedClusters.get(cluster), "free: " + cluster);
                var other = owners.put(cluster, blob);
                if (other == null) return;
                assertTrue(blob.restriction().isPresent(), blob + " and " + other);
                assertTrue(other.restriction().isPresent(), blob + " and " + other);
              });
      for (var at = blob.parent(); at != null; at = at.parent()) {
        assertFalse(at == blob, "a circle of parents");
      }
    }
  }
}
