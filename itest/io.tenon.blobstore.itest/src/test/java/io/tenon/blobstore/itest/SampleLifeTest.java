package io.tenon.blobstore.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.aio.internal.AioProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.testing.TestReactors;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Disks of the original, opened and changed by the bundle, hold what the reader finds on them. */
class SampleLifeTest {
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

  @ParameterizedTest
  @MethodSource("disks")
  void importAndUnloadOnARealFileLeaveEveryLvolAsItWas(Samples.Disk sample) throws Exception {
    var path = sample.copyTo(directory);
    var provider = new AioProvider(reactors.reactors());
    var uri = DeviceUri.parse("aio://%s?blk_size=%d".formatted(path, sample.blockBytes()));
    var live = LiveStore.load(reactors, provider.open(uri));
    try (var disk = PoolDiskReader.read(path)) {
      assertEquals(List.of(), disk.inconsistencies);
      var difference = new Agreement(live, disk, new SplittableRandom(1)).difference();
      assertEquals(Optional.empty(), difference);
    }
    live.unload();
    try (var disk = PoolDiskReader.read(path)) {
      assertTrue(disk.superPage.isClean());
      assertEquals(List.of(), disk.inconsistencies);
      SampleDisksTest.check(sample, disk);
    }
  }

  /** Its writes, snapshots, clones, deletions, resizes, growth, power failures. */
  @ParameterizedTest
  @MethodSource("disks")
  void theReaderAgreesWithTheBundleOnEveryByteAfterRandomOperations(Samples.Disk sample)
      throws Exception {
    var path = sample.copyTo(directory);
    LiveStore.load(reactors, new FileDevice(path, sample.blockBytes())).unload();
    int steps = Integer.getInteger("steps", 60);
    SeededRun.onDisk(reactors, path, sample.blockBytes(), Long.getLong("seed", 7), steps);
  }
}
