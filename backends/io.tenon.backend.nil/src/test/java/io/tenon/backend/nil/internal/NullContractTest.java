package io.tenon.backend.nil.internal;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NullContractTest extends BlockDeviceContract {
  @Override
  protected DeviceProvider provider(TestReactors reactors) {
    return new NullProvider();
  }

  @Override
  protected String uri(String name, int blockBytes) {
    return "null:///%s?size_mb=8&blk_size=%d".formatted(name, blockBytes);
  }

  @Override
  protected boolean keepsData() {
    return false;
  }

  @Test
  void whatIsWrittenReadsBackAsZeroes() throws Exception {
    var volume = volume(open(uri("zero", 512)), 0);
    assertEquals(IoStatus.SUCCESS, volume.write(4, random(1, 4096)));
    assertEquals(IoStatus.SUCCESS, volume.read(4, 8));
    assertArrayEquals(new byte[4096], volume.content(8));
    assertEquals(IoStatus.SUCCESS, volume.compare(4, new byte[4096]));
  }

  @Test
  void withoutASizeItHasNoBlocks() throws Exception {
    var slot = open("null:///empty");
    assertEquals(0, slot.geometry().blockCount());
    assertEquals(IoStatus.OUT_OF_RANGE, volume(slot, 0).read(0, 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null:///a?size_mb=1&num_blocks=1",
        "null:///a?size_mb=1&blk_size=520",
        "null:///a?num_blocks=9223372036854775807"
      })
  void wrongParametersAreRefused(String uri) {
    var refusal = assertThrows(DeviceException.class, () -> provider().open(DeviceUri.parse(uri)));
    assertEquals(Kind.INVALID_PARAMETER, refusal.kind());
  }
}
