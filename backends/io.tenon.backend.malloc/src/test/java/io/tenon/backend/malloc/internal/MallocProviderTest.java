package io.tenon.backend.malloc.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import io.tenon.block.Handover;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MallocProviderTest {
  private final MallocProvider provider = new MallocProvider();

  private BlockDevice open(String uri) throws DeviceException {
    return provider.open(DeviceUri.parse(uri));
  }

  @ParameterizedTest
  @CsvSource({
    "malloc:///a?size_mb=64, 512, 131072",
    "malloc:///a?num_blocks=100&blk_size=4096, 4096, 100",
    "malloc:///a?num_blocks=7, 512, 7",
    "malloc:///a?size_mb=4096, 512, 8388608",
    "malloc:///a?size_mb=65536&blk_size=4096, 4096, 16777216"
  })
  void theSizeIsCountedIn64Bits(String uri, int blockBytes, long blocks) throws Exception {
    var device = open(uri);
    assertEquals(new Geometry(blockBytes, blocks), device.geometry());
    device.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "malloc:///a",
        "malloc:///a?size_mb=0",
        "malloc:///a?size_mb=1&num_blocks=1",
        "malloc:///a?size_mb=1&blk_size=1024",
        "malloc:///a?size_mb=-1",
        "malloc:///a?size_mb=many",
        "malloc:///a?size_mb=9223372036854775807",
        "malloc:///a?num_blocks=9223372036854775807",
        "malloc:///a?size_mb=1&resize=perhaps&size=1"
      })
  void wrongParametersAreRefused(String uri) {
    var refusal = assertThrows(DeviceException.class, () -> open(uri));
    assertEquals(Kind.INVALID_PARAMETER, refusal.kind());
  }

  @Test
  void aHostIsRefusedBecauseSomeoneForgotASlash() {
    var refusal = assertThrows(DeviceException.class, () -> open("malloc://a/b?size_mb=1"));
    assertEquals(Kind.INVALID_URI, refusal.kind());
  }

  @Test
  void moreThanTheMachineCanAddressIsRefusedWithTheReason() {
    var refusal = assertThrows(DeviceException.class, () -> open("malloc:///a?size_mb=999999999"));
    assertEquals(Kind.IO, refusal.kind());
  }

  @Test
  void resizeKeepsTheContent() throws Exception {
    try (var reactors = TestReactors.start(1)) {
      var device = open("malloc:///a?num_blocks=16");
      var slot = new DeviceSlot(device, "malloc:///a?num_blocks=16");
      try (var volume = new TestVolume(slot, reactors.get(0))) {
        var content = new byte[512];
        content[7] = 7;
        volume.write(15, content);
        var uri = DeviceUri.parse("malloc:///a?num_blocks=1000&resize");
        assertEquals(true, provider.changesOpenDevice(uri));
        TestReactors.await(slot.drain("It grows.").toCompletableFuture());
        provider.change(uri, device);
        slot.resume("It has grown.");

        assertEquals(1000, slot.geometry().blockCount());
        assertEquals(IoStatus.SUCCESS, volume.read(15, 1));
        assertArrayEquals(content, volume.content(1));
        assertEquals(IoStatus.SUCCESS, volume.read(999, 1));
        assertArrayEquals(new byte[512], volume.content(1));
      }
      TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
    }
  }

  @Test
  void theSuccessorHasContentAndIdentityOfTheOneThatLeft() throws Exception {
    try (var reactors = TestReactors.start(1)) {
      var uri = DeviceUri.parse("malloc:///a?num_blocks=16");
      var slot = new DeviceSlot(provider.open(uri), uri.text());
      try (var volume = new TestVolume(slot, reactors.get(0))) {
        var content = new byte[512];
        content[7] = 7;
        volume.write(3, content);
        var left = TestReactors.await(slot.vacate("Swap.", "").toCompletableFuture());

        slot.restore(new MallocProvider().adopt(uri, left.orElseThrow()), "Swapped.");
        assertEquals(IoStatus.SUCCESS, volume.read(3, 1));
        assertArrayEquals(content, volume.content(1));
      }
      TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
    }
  }

  @Test
  void aHandoverOfAnotherFormatIsRefused() throws Exception {
    var uri = DeviceUri.parse("malloc:///a?num_blocks=16");
    var strange = new Handover("malloc", 99, Map.of());
    var refusal = assertThrows(DeviceException.class, () -> provider.adopt(uri, strange));
    assertEquals(Kind.UNSUPPORTED, refusal.kind());
  }
}
