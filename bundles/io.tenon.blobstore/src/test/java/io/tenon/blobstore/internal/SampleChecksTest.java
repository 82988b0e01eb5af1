package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobFinding.ListsAncestorsClusters;
import io.tenon.blobstore.BlobFinding.ListsOfWrongLength;
import io.tenon.blobstore.BlobFinding.SnapshotUnfinished;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.Finding.Severity;
import io.tenon.blobstore.Remedy;
import io.tenon.blobstore.StoreFinding.NotClosed;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Disks of the original are found to be what their description says. */
class SampleChecksTest {
  /** What is wrong with each, by kind. */
  private static final Map<String, List<Class<? extends Finding>>> EXPECTED =
      Map.of(
          "pool-512-4m.img.gz", List.of(),
          "pool-4k-1m.img.gz", List.of(),
          "pool-dirty.img.gz", List.of(NotClosed.class),
          "pool-crash-snap.img.gz", List.of(NotClosed.class, SnapshotUnfinished.class),
          "pool-crash-del.img.gz",
              List.of(NotClosed.class, SnapshotUnfinished.class, ListsAncestorsClusters.class),
          "pool-short-map.img.gz", List.of(ListsOfWrongLength.class, ListsOfWrongLength.class));

  static List<Samples.Disk> disks() {
    return Samples.all();
  }

  @ParameterizedTest
  @MethodSource("disks")
  void exactlyWhatItsMakerLeftUnfinishedIsFound(Samples.Disk sample) throws Exception {
    var found = DiskCheck.of(sample.open(), Samples.TYPE).result();
    assertEquals(
        EXPECTED.get(sample.file()),
        found.findings().stream().map(Object::getClass).toList(),
        sample.file());
    assertEquals(sample.clean(), found.store().clean());
    assertEquals(sample.blobs().size() + 1, found.blobs().size());
    assertTrue(found.unopened().isEmpty());
    for (Finding finding : found.findings()) {
      // All of it is what a load of ours puts right, and nothing of it costs data.
      assertEquals(Severity.NOTICE, finding.severity());
      assertTrue(finding.remedy(Object::toString) instanceof Remedy.ByLoad, finding::toString);
    }
  }

  @ParameterizedTest
  @MethodSource("disks")
  void onceLoadedAndUnloadedNothingIsLeftToFind(Samples.Disk sample) throws Exception {
    var disk = sample.open();
    OpenStore.load(disk, Samples.TYPE).unload();
    assertEquals(List.of(), DiskCheck.of(disk, Samples.TYPE).findings());
  }
}
