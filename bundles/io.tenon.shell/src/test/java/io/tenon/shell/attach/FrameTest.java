package io.tenon.shell.attach;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTest {
  private static byte[] written(Frame frame) throws IOException {
    var bytes = new ByteArrayOutputStream();
    frame.write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private static DataInputStream in(byte... bytes) {
    return new DataInputStream(new ByteArrayInputStream(bytes));
  }

  @Test
  void whatIsWrittenIsReadBack() throws Exception {
    var bytes = written(Frame.of(Frame.Type.ERR, "no such déivce"));
    var frame = Frame.read(in(bytes)).orElseThrow();
    assertEquals(Frame.Type.ERR, frame.type());
    assertEquals("no such déivce", frame.text());
    assertEquals(7, Frame.read(in(written(Frame.exit(7)))).orElseThrow().status());
  }

  @Test
  void anEndBetweenFramesIsAnEndAndOneWithinIsAnError() throws Exception {
    assertTrue(Frame.read(in()).isEmpty());
    var bytes = written(Frame.of(Frame.Type.OUT, "text"));
    for (int kept = 1; kept < bytes.length; kept++) {
      var cut = Arrays.copyOf(bytes, kept);
      assertThrows(IOException.class, () -> Frame.read(in(cut)));
    }
  }

  @Test
  void aLengthThatNoFrameHasTakesNoMemory() {
    assertThrows(
        IOException.class,
        () -> Frame.read(in((byte) 0, (byte) 0x7F, (byte) -1, (byte) -1, (byte) -1)));
    assertThrows(
        IOException.class,
        () -> Frame.read(in((byte) 0, (byte) -1, (byte) -1, (byte) -1, (byte) -1)));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void anyBytesAreFramesOrAnError(long seed) throws Exception {
    var random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      var bytes = new byte[random.nextInt(24)];
      random.nextBytes(bytes);
      if (bytes.length > 0 && random.nextBoolean()) bytes[0] = (byte) random.nextInt(7);
      for (int at = 1; at < Math.min(4, bytes.length) && random.nextBoolean(); at++) bytes[at] = 0;
      try {
        var frame = Frame.read(in(bytes));
        if (frame.isEmpty()) continue;
        byte[] again = written(frame.get());
        assertArrayEquals(Arrays.copyOf(bytes, again.length), again);
      } catch (IOException e) {
        assertFalse(bytes.length == 0);
      }
    }
  }
}
