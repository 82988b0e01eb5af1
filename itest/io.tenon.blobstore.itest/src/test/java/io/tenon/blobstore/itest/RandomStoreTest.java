package io.tenon.blobstore.itest;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import io.tenon.block.testing.TestReactors;
import java.nio.file.Path;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is done to a store, the reader finds on its disk what the bundle says is there. Replay: {@code -Dseed=...}. */
class RandomStoreTest {
  private static final int STEPS = Integer.getInteger("steps", 100);
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

  static LongStream seeds() {
    Long one = Long.getLong("seed");
    return one != null
        ? LongStream.of(one)
        : LongStream.rangeClosed(Long.getLong("from", 1), Long.getLong("seeds", 20));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void theReaderAgreesWithTheBundleOnEveryByte(long seed) {
    assertDoesNotThrow(
        () -> SeededRun.onNewDisk(reactors, directory.resolve("disk.img"), seed, STEPS));
  }
}
