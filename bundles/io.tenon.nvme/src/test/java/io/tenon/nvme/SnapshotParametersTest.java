package io.tenon.nvme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.block.SnapshotSpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SnapshotParametersTest {
  private static final SnapshotSpec SPEC =
      new SnapshotSpec(
          "s1",
          UUID.fromString("11111111-2222-4333-8444-000000000002"),
          "vol",
          "7",
          Instant.parse("2026-11-20T21:40:07.123456789Z"));

  /** Written out by hand: version, then each text with its mark and length, and not discarded. */
  private static final byte[] WIRE =
      HexFormat.of()
          .parseHex(
              "00000000"
                  + ("01" + "0300000000000000" + "766f6c")
                  + "00"
                  + ("01" + "0100000000000000" + "37")
                  + ("01" + "0200000000000000" + "7331")
                  + ("01" + "2400000000000000")
                  + "31313131313131312d323232322d343333332d383434342d303030303030303030303032"
                  + ("01" + "2100000000000000")
                  + "323032362d31312d32302032313a34303a30372e31323334353637383920555443"
                  + "00");

  @Test
  void theyAreWrittenAsBincodeHasThem() {
    assertEquals(HexFormat.of().formatHex(WIRE), HexFormat.of().formatHex(encoded()));
  }

  private static byte[] encoded() {
    return SnapshotParameters.encode(SPEC);
  }

  @Test
  void whatWasWrittenIsRead() {
    assertEquals(Optional.of(SPEC), SnapshotParameters.decode(WIRE));
  }

  @Test
  void aParentThatIsNamedIsPassedOver() {
    var withParent = new byte[WIRE.length + 9];
    System.arraycopy(WIRE, 0, withParent, 0, 16);
    withParent[16] = 1; // of no length
    System.arraycopy(WIRE, 17, withParent, 25, WIRE.length - 17);
    assertEquals(
        Optional.of(SPEC),
        SnapshotParameters.decode(Arrays.copyOf(withParent, withParent.length - 1)));
  }

  @Test
  void anythingShorterIsRefused() {
    for (int length = 0; length < WIRE.length; length++) {
      assertEquals(
          Optional.empty(), SnapshotParameters.decode(Arrays.copyOf(WIRE, length)), "" + length);
    }
  }

  @Test
  void anotherVersionOrADiscardedSnapshotIsRefused() {
    byte[] version = WIRE.clone();
    version[0] = 1;
    assertEquals(Optional.empty(), SnapshotParameters.decode(version));
    byte[] discarded = WIRE.clone();
    discarded[WIRE.length - 1] = 1;
    assertEquals(Optional.empty(), SnapshotParameters.decode(discarded));
  }

  /** Whatever arrives is either refused or understood; nothing is thrown, nothing large is allocated. */
  @Test
  void anyBytesAreRefusedOrUnderstood() {
    var random = new Random(20261121);
    for (int round = 0; round < 50_000; round++) {
      byte[] bytes = WIRE.clone();
      int changes = 1 + random.nextInt(4);
      for (int i = 0; i < changes; i++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      var understood = SnapshotParameters.decode(bytes);
      if (understood.isEmpty()) continue;
      var again = SnapshotParameters.decode(SnapshotParameters.encode(understood.get()));
      assertEquals(understood, again);
    }
    assertArrayEquals(WIRE, encoded());
  }
}
