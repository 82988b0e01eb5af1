package com.example.mapped.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.BlockDeviceContract;
import io.tenon.block.testing.TestReactors;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All that Tenon asks of a backend, and what only this one does. */
class MappedContractTest extends BlockDeviceContract {
  @TempDir private Path folder;

  @Override
  protected DeviceProvider provider(TestReactors reactors) {
    return new MappedProvider();
  }

  @Override
  protected String uri(String name, int blockBytes) throws Exception {
    return "mapped://" + file(name, DEVICE_BYTES) + "?blk_size=" + blockBytes;
  }

  private Path file(String name, long bytes) throws Exception {
    Path file = folder.resolve(name);
    if (Files.exists(file)) return file;
    try (var made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(bytes);
    }
    return file;
  }

  @Test
  void whatIsWrittenIsInTheFile() throws Exception {
    var volume = volume(open(uri("seen", 512)), 0);
    byte[] content = random(7, 4096);
    assertEquals(IoStatus.SUCCESS, volume.write(16, content));
    assertEquals(IoStatus.SUCCESS, volume.flush());
    byte[] file = Files.readAllBytes(folder.resolve("seen"));
    assertArrayEquals(content, Arrays.copyOfRange(file, 16 * 512, 16 * 512 + 4096));
  }

  @Test
  void aFileThatEndsWithinABlockOrIsMissingIsRefused() throws Exception {
    String odd = "mapped://" + file("odd", 1000);
    var refusal = assertThrows(DeviceException.class, () -> open(odd));
    assertEquals(Kind.INVALID_PARAMETER, refusal.kind());
    var missing =
        assertThrows(
            DeviceException.class,
            () -> provider().open(DeviceUri.parse("mapped://" + folder.resolve("none"))));
    assertEquals(Kind.NOT_FOUND, missing.kind());
  }
}
