package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tenon.backend.aio.internal.AioProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.RebuildInfo;
import io.tenon.nexus.RebuildState;
import io.tenon.nvme.internal.Target;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Children that are plain files, on a real file system: what a rebuild copies, and what becomes of what was on a child before. */
@Timeout(300)
class SparseChildrenTest {
  private static final int MIB = 1 << 20;
  private static final int DISK_BYTES = 64 * MIB;
  private static final int VOLUME_BYTES = 48 * MIB;
  private static final int DATA_BYTE = 5 * MIB;

  /** Of the volume: the beginning, somewhere, across a piece of a copy, near the end. */
  private static final List<Integer> WRITTEN =
      List.of(0, 7 * MIB + 4096, 20 * MIB - 8192, 40 * MIB);

  private static final int WRITTEN_BYTES = 64 * 1024;

  @TempDir Path folder;
  private final TestDevices devices = new TestDevices();
  private TestReactors reactors;
  private AioProvider files;
  private NexusService service;
  private Nexus nexus;

  /** Of the volume: what of its children is not for their labels. */
  private int dataBytes;

  @BeforeEach
  void start() throws Exception {
    assumeTrue(
        Set.of("ext4", "xfs", "tmpfs").contains(Files.getFileStore(folder).type()),
        "skipped: nobody believes what this file system says of holes");
    reactors = TestReactors.start(2);
    files = new AioProvider(reactors.reactors());
    service =
        new NexusService(
            devices,
            new Target("", 16, "test"),
            reactors.reactors(),
            Thread::startVirtualThread,
            false);
    String source = disk("source", new byte[0]);
    nexus =
        service.create(
            new NexusSpec(
                "n", new UUID(7, 1), VOLUME_BYTES, List.of(source), 1, 2, ReadPolicy.LOCAL_FIRST));
    dataBytes = (int) nexus.device().geometry().sizeBytes();
    try (var volume = new TestVolume(nexus.device(), reactors.get(1))) {
      for (int at : WRITTEN) {
        var content = new byte[WRITTEN_BYTES];
        new Random(at).nextBytes(content);
        assertEquals(IoStatus.SUCCESS, volume.write(at / 512, content));
      }
      // Written once, and given back: a hole again.
      assertEquals(IoStatus.SUCCESS, volume.unmap(8 * MIB / 512, 1024));
    }
  }

  @AfterEach
  void stop() throws Exception {
    if (service == null) return;
    service.close();
    for (var slot : devices.all()) devices.destroy(slot);
    reactors.close();
  }

  /** A file that begins with this, and is a hole behind it. */
  private String disk(String name, byte[] content) throws Exception {
    var path = folder.resolve(name);
    Files.write(path, content);
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(DISK_BYTES);
    }
    String uri = "aio://" + path;
    devices.adopt(files.open(DeviceUri.parse(uri)), uri);
    return uri;
  }

  private RebuildInfo rebuilt(String child) throws Exception {
    nexus.addChild(child, true);
    Waiting.until("ONLINE", () -> nexus.state() == NexusState.ONLINE);
    var rebuild = nexus.rebuildHistory().getFirst();
    assertEquals(RebuildState.COMPLETED, rebuild.state(), rebuild.detail());
    return rebuild;
  }

  private void assertHoldsWhatTheSourceHolds(String name) throws Exception {
    var expected = new byte[dataBytes];
    for (int at : WRITTEN) {
      var content = new byte[WRITTEN_BYTES];
      new Random(at).nextBytes(content);
      System.arraycopy(content, 0, expected, at, WRITTEN_BYTES);
    }
    var found = Files.readAllBytes(folder.resolve(name));
    assertArrayEquals(expected, Arrays.copyOfRange(found, DATA_BYTE, DATA_BYTE + dataBytes));
  }

  @Test
  void ofASparseFileOnlyThatIsCopiedWhichHoldsData() throws Exception {
    var rebuild = rebuilt(disk("empty", new byte[0]));
    assertHoldsWhatTheSourceHolds("empty");
    long transferred = rebuild.blocksTransferred() * 512;
    assertTrue(transferred >= (long) WRITTEN.size() * WRITTEN_BYTES, rebuild::toString);
    assertTrue(transferred <= 2 * MIB, rebuild::toString);
    assertEquals(100, rebuild.progress());
  }

  @Test
  void whereTheSourceHoldsNothingADirtyFileIsZeroesAfterwards() throws Exception {
    var old = new byte[DISK_BYTES];
    new Random(1).nextBytes(old);
    var rebuild = rebuilt(disk("dirty", old));
    assertHoldsWhatTheSourceHolds("dirty");
    assertEquals(dataBytes / 512, rebuild.blocksTransferred());
  }

  @Test
  void ofAFileThatIsDirtyInPartsOnlyThoseAreMadeZeroes() throws Exception {
    var old = new byte[30 * MIB];
    new Random(2).nextBytes(old);
    var rebuild = rebuilt(disk("partly", old));
    assertHoldsWhatTheSourceHolds("partly");
    long transferred = rebuild.blocksTransferred() * 512;
    assertTrue(transferred >= 25 * MIB, rebuild::toString);
    assertTrue(transferred <= 27 * MIB, rebuild::toString);
  }
}
