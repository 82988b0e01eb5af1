package io.tenon.faults.backend.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestRequest;
import io.tenon.block.testing.TestVolume;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultDeviceTest {
  private static final int BYTES = 4096;
  private static final int BLOCKS = 8;

  private final FaultProvider provider = new FaultProvider();
  private final byte[] content = new byte[BYTES];
  @TempDir private Path folder;
  private Path disk;
  private TestReactors reactors;
  private DeviceSlot slot;
  private TestVolume volume;

  @BeforeEach
  void open() throws Exception {
    new Random(1).nextBytes(content);
    disk = Files.write(folder.resolve("disk"), new byte[1 << 20]);
    reactors = TestReactors.start(1);
    String uri = "fault://" + disk;
    slot = new DeviceSlot(provider.open(DeviceUri.parse(uri)), uri);
    volume = new TestVolume(slot, reactors.get(0));
  }

  @AfterEach
  void close() throws Exception {
    volume.close();
    TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
    reactors.close();
  }

  private void fault(String words) throws Exception {
    Path next = Files.writeString(folder.resolve("next"), words);
    var _ = Files.move(next, folder.resolve("disk.fault"));
  }

  private void heal() throws Exception {
    Files.delete(folder.resolve("disk.fault"));
  }

  @Test
  void withoutATriggerItIsTheFile() throws Exception {
    assertEquals(IoStatus.SUCCESS, volume.write(16, content));
    assertEquals(IoStatus.SUCCESS, volume.flush());
    assertEquals(IoStatus.SUCCESS, volume.read(16, BLOCKS));
    assertArrayEquals(content, volume.content(BLOCKS));
    try (var file = Files.newByteChannel(disk)) {
      var found = java.nio.ByteBuffer.allocate(BYTES);
      int count = file.position(16L * 512).read(found);
      assertEquals(BYTES, count);
      assertArrayEquals(content, found.array());
    }
    assertEquals(IoStatus.OUT_OF_RANGE, volume.read((1 << 20) / 512, 1));
  }

  @Test
  void whatTheTriggerNamesFailsAndTheRestIsDone() throws Exception {
    fault("read:error");
    assertEquals(IoStatus.SUCCESS, volume.write(0, content));
    assertEquals(IoStatus.IO_ERROR, volume.read(0, BLOCKS));
    heal();
    assertEquals(IoStatus.SUCCESS, volume.read(0, BLOCKS));
    fault("write:error");
    assertEquals(IoStatus.IO_ERROR, volume.write(0, new byte[BYTES]));
    assertEquals(IoStatus.IO_ERROR, volume.flush());
    assertEquals(IoStatus.SUCCESS, volume.read(0, BLOCKS));
    assertArrayEquals(content, volume.content(BLOCKS));
  }

  @Test
  void aWordThatNobodyUnderstandsFailsTheIo() throws Exception {
    fault("read:sometimes");
    assertEquals(IoStatus.IO_ERROR, volume.read(0, BLOCKS));
  }

  @Test
  void whatHangsIsNotAnsweredUntilTheTriggerGoes() throws Exception {
    fault("write:hang");
    TestRequest hanging = volume.request(BYTES);
    hanging.put(content);
    var ended = hanging.start(io -> io.prepareWrite(0, BLOCKS, hanging.memory(), BYTES));
    assertEquals(IoStatus.SUCCESS, volume.read(0, BLOCKS), "reads go on");
    assertArrayEquals(new byte[BYTES], volume.content(BLOCKS));
    assertFalse(ended.isDone());
    heal();
    assertEquals(IoStatus.SUCCESS, TestReactors.await(ended));
    assertEquals(IoStatus.SUCCESS, volume.read(0, BLOCKS));
    assertArrayEquals(content, volume.content(BLOCKS));
  }

  @Test
  void whatIsSlowIsDoneLater() throws Exception {
    fault("write:slow:60");
    long before = System.nanoTime();
    assertEquals(IoStatus.SUCCESS, volume.write(0, content));
    assertTrue(System.nanoTime() - before >= TimeUnit.MILLISECONDS.toNanos(60));
  }

  @Test
  void aFileThatIsMissingIsRefused() {
    var refusal =
        assertThrows(
            DeviceException.class,
            () -> provider.open(DeviceUri.parse("fault://" + folder.resolve("none"))));
    assertEquals(Kind.NOT_FOUND, refusal.kind());
  }
}
