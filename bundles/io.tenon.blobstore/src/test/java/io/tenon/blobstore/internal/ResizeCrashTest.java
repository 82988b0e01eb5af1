package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.internal.layout.Page;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Power fails within a resize, and the disk goes to the original, which knows no journal and takes the lengths of a blob's lists for its
 * size: it finds the size before or the one after.
 */
class ResizeCrashTest {
  private static final String TYPE = "TEST";
  private static final int CLUSTER = 64 << 10;
  private static final int[] SIZES = {5, 300, 512, 700, 1100};

  private int images;

  @Test
  void whoeverReadsTheDiskAfterAPowerFailureFindsOneSizeOrTheOther() throws Exception {
    for (boolean thin : new boolean[] {true, false}) {
      for (int from : SIZES) {
        for (int to : SIZES) if (from != to) resize(thin, from, to);
      }
    }
    assertTrue(images > 400, "images: " + images);
  }

  private void resize(boolean thin, int from, int to) throws Exception {
    var disk = new MemoryDisk(1500L * CLUSTER, 512);
    var store = Format.run(disk, CLUSTER, 100, TYPE);
    var id = Creation.create(store, thin ? BlobSpec.thin(from) : BlobSpec.thick(from));
    if (thin) {
      var writes = new Allocation(store);
      for (int cluster = 0; cluster < from; cluster += 200) writes.add(store.blob(id), cluster);
      writes.commit();
    }
    long journal = store.layout().gapStart();
    store.unload();
    var recording = RecordingDisk.on(disk);
    var resized = OpenStore.load(recording, TYPE);
    Resize.run(resized, id, to);
    OpenStores.clear(resized);
    recording.crashes(
        new SplittableRandom(from * 31L + to),
        1,
        false,
        (crashed, how) -> {
          images++;
          crashed.putPage(journal, new byte[Page.BYTES]);
          var found = StoreLoader.load(crashed, TYPE);
          String what = "%s from %d to %d: %s".formatted(thin ? "thin" : "thick", from, to, how);
          assertEquals(Map.of(), found.wrongSlots, what);
          assertTrue(found.wrongSizes.isEmpty(), what);
          var blob = found.blobs.get(id);
          assertTrue(blob != null && found.unopened.isEmpty(), what);
          if (blob == null) return;
          assertTrue(List.of(from, to).contains(blob.map().clusters()), what);
        });
  }
}
