package io.tenon.block.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tenon.block.DeviceProvider;
import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactors;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What backends for files say of files in which only parts were ever written: {@link io.tenon.block.AllocationQuery}. */
public abstract class SparseFileContract extends BlockDeviceContract {
  /** File systems that are believed. */
  private static final Set<String> TELL_HOLES = Set.of("ext4", "xfs", "tmpfs");

  private static final int WRITERS = 4;
  private static final int WRITES = 400;
  private static final int PIECE_BYTES = 4096;
  private static final int DATA = 2048;
  private static final int DATA_BLOCKS = 512;

  @TempDir private Path directory = Path.of("");

  protected final Path directory() {
    return directory;
  }

  protected abstract String scheme();

  protected abstract DeviceProvider provider(Reactors reactors) throws Exception;

  @Override
  protected final DeviceProvider provider(TestReactors reactors) throws Exception {
    return provider(reactors.reactors());
  }

  @Override
  protected final String uri(String name, int blockBytes) throws IOException {
    return uri(file(name, DEVICE_BYTES)) + "?blk_size=" + blockBytes;
  }

  @Override
  protected int steadyRequests() {
    return 10_000;
  }

  protected final String uri(Path path) {
    return scheme() + "://" + path;
  }

  /** A sparse file, made when it is not there. */
  protected final Path file(String name, long bytes) throws IOException {
    return sparse(directory.resolve(name), bytes);
  }

  private static Path sparse(Path path, long bytes) throws IOException {
    if (!Files.exists(path)) {
      try (var file = new RandomAccessFile(path.toFile(), "rw")) {
        file.setLength(bytes);
      }
    }
    return path;
  }

  private static void assumeHolesAreTold(Path file) throws IOException {
    String on = Files.getFileStore(file).type();
    assumeTrue(TELL_HOLES.contains(on), () -> "skipped: nobody believes what " + on + " says");
  }

  @Test
  void aSparseFileSaysWhereItHoldsData() throws Exception {
    var path = file("holes", DEVICE_BYTES);
    assumeHolesAreTold(path);
    saysWhereItHoldsData(path);
  }

  private void saysWhereItHoldsData(Path path) throws Exception {
    var slot = open(uri(path));
    var volume = volume(slot, 0);
    long blocks = slot.geometry().blockCount();
    assertRuns(volume, blocks);
    assertEquals(IoStatus.SUCCESS, volume.write(DATA, random(1, DATA_BLOCKS * 512)));
    assertRuns(volume, blocks, DATA, DATA + DATA_BLOCKS);
    assertEquals(IoStatus.SUCCESS, volume.write(blocks - 8, random(2, 4096)));
    assertRuns(volume, blocks, DATA, DATA + DATA_BLOCKS, blocks - 8, blocks);
    assertEquals(IoStatus.SUCCESS, volume.flush());
    assertRuns(volume, blocks, DATA, DATA + DATA_BLOCKS, blocks - 8, blocks);
    if (slot.supports(IoOperation.UNMAP)) {
      assertEquals(IoStatus.SUCCESS, volume.unmap(DATA + 128, 256));
      assertRuns(
          volume, blocks, DATA, DATA + 128, DATA + 384, DATA + DATA_BLOCKS, blocks - 8, blocks);
      assertEquals(IoStatus.SUCCESS, volume.write(DATA + 200, random(3, 4096)));
      // What is left of the hole before it is too small to count.
      assertRuns(
          volume, blocks, DATA, DATA + 208, DATA + 384, DATA + DATA_BLOCKS, blocks - 8, blocks);
    }
  }

  private static void assertRuns(TestVolume volume, long blocks, long... expected) {
    var found =
        volume.allocation(0, blocks).stream().flatMapToLong(Arrays::stream).boxed().toList();
    assertEquals(Arrays.stream(expected).boxed().toList(), found);
  }

  @Test
  void aFileWithALotOfSmallHolesIsToldInLargePieces() throws Exception {
    var path = file("torn", DEVICE_BYTES);
    assumeHolesAreTold(path);
    var volume = volume(open(uri(path)), 0);
    for (int i = 0; i < 200; i++) {
      assertEquals(IoStatus.SUCCESS, volume.write(DATA + 32 * i, random(i, 4096)));
    }
    assertRuns(volume, DEVICE_BYTES / 512, DATA, DATA + 32 * 199 + 8);
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void whatWasAcknowledgedIsDataToWhoeverAsksThen(int blockBytes) throws Exception {
    var path = file("asked", DEVICE_BYTES);
    assumeHolesAreTold(path);
    isDataToWhoeverAsks(uri(path) + "?blk_size=" + blockBytes);
  }

  /** By two reactors, which write all over the file for the first time, and make holes again. */
  private void isDataToWhoeverAsks(String uri) throws Exception {
    var slot = open(uri);
    var threads = new ArrayList<Thread>();
    var failures = new ConcurrentLinkedQueue<Throwable>();
    for (int i = 0; i < WRITERS; i++) {
      var volume = volume(slot, i % 2);
      int number = i;
      threads.add(
          Thread.ofPlatform()
              .uncaughtExceptionHandler((_, thrown) -> failures.add(thrown))
              .start(() -> writeAndAsk(volume, number)));
    }
    for (Thread thread : threads) thread.join();
    assertEquals(List.of(), List.copyOf(failures));
  }

  private static void writeAndAsk(TestVolume volume, int number) {
    int blocks = PIECE_BYTES / volume.slot().geometry().blockBytes();
    long pieces = DEVICE_BYTES / PIECE_BYTES / WRITERS;
    boolean unmaps = volume.slot().supports(IoOperation.UNMAP);
    var order = new Random(number);
    for (int i = 0; i < WRITES; i++) {
      long lba = (order.nextLong(pieces) * WRITERS + number) * blocks;
      assertEquals(IoStatus.SUCCESS, volume.write(lba, random(i, PIECE_BYTES)));
      var found = volume.allocation(lba, blocks);
      assertEquals(1, found.size(), "block " + lba + " was written");
      assertArrayEquals(new long[] {lba, lba + blocks}, found.getFirst());
      if (unmaps && i % 2 == 0) assertEquals(IoStatus.SUCCESS, volume.unmap(lba, blocks));
    }
  }

  @Test
  void behindTheEndOfAFileThatWasCutOffNothingCountsAsEmpty() throws Exception {
    var path = file("cut-sparse", 1 << 20);
    var volume = volume(open(uri(path)), 0);
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(64 << 10);
    }
    assertEquals(2048, volume.allocation(0, 2048).getLast()[1], "its end looks empty");
    assertEquals(1, volume.allocation(1024, 8).size());
  }

  @Test
  void aFileInMemorySaysWhereItHoldsDataToo() throws Exception {
    var memory = Path.of("/dev/shm");
    assumeTrue(Files.isWritable(memory));
    var path = Files.createTempFile(memory, "tenon-", ".disk");
    try {
      assumeHolesAreTold(path);
      try (var file = new RandomAccessFile(path.toFile(), "rw")) {
        file.setLength(DEVICE_BYTES);
      }
      saysWhereItHoldsData(path);
      closeAll();
      isDataToWhoeverAsks(uri(path));
    } finally {
      Files.delete(path);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mkfs.xfs -q", "mkfs.ext4 -q -b 1024"})
  @Tag("root")
  void otherFileSystemsSayWhereAFileHoldsDataToo(String mkfs) throws Exception {
    LoopDevice.assumePossible();
    assumeTrue(Files.isExecutable(Path.of("/usr/sbin", mkfs.split(" ")[0])), "skipped: no " + mkfs);
    try (var loop = LoopDevice.on(file("other", 512 << 20), 512)) {
      LoopDevice.run((mkfs + " " + loop.path()).split(" "));
      var point = Files.createDirectory(directory.resolve("other-mounted"));
      LoopDevice.run("mount", loop.path().toString(), point.toString());
      try {
        var path = sparse(point.resolve("disk"), DEVICE_BYTES);
        saysWhereItHoldsData(path);
        closeAll();
        isDataToWhoeverAsks(uri(path));
        closeAll();
        ofABlockWithSomeDataAllCounts(sparse(point.resolve("part"), DEVICE_BYTES));
        closeAll();
      } finally {
        closeAll();
        LoopDevice.run("umount", point.toString());
      }
    }
  }

  /** Where the file system's blocks are smaller than the device's. */
  private void ofABlockWithSomeDataAllCounts(Path path) throws Exception {
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(100 * 4096 + 3 * 1024);
      file.write(new byte[] {1});
      file.getFD().sync();
    }
    var volume = volume(open(uri(path) + "?blk_size=4096"), 0);
    assertRuns(volume, DEVICE_BYTES / 4096, 100, 101);
    assertRuns(volume, 101, 100, 101);
  }
}
