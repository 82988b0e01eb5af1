package io.tenon.shell.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class SizeTest {
  private static final String[] PIECES = {
    "1",
    "0",
    "9999999999",
    ".",
    "5",
    "K",
    "m",
    "GiB",
    "T",
    "P",
    "B",
    "i",
    " ",
    "-",
    "+",
    "e9",
    "x",
    "\u0663"
  };

  @ParameterizedTest
  @CsvSource({
    "4096, 4096, 4 KiB",
    "512MiB, 536870912, 512 MiB",
    "1.5 GiB, 1610612736, 1.5 GiB",
    "2k, 2048, 2 KiB",
    "1TB, 1099511627776, 1 TiB",
    "100, 100, 100 B"
  })
  void sizesAreReadAndWrittenAsPeopleDo(String text, long bytes, String shown) {
    assertEquals(bytes, Size.parse(text).bytes());
    assertEquals(shown, Size.parse(text).toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "big", "-1", "1..5", "9999999P", "1 X"})
  void whatIsNoSizeIsRefused(String text) {
    assertThrows(TypeConversionException.class, () -> Size.parse(text));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void anyTextIsASizeOrARefusal(long seed) {
    var random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      var text = new StringBuilder();
      for (int left = random.nextInt(6); left > 0; left--) {
        text.append(PIECES[random.nextInt(PIECES.length)]);
      }
      try {
        assertTrue(Size.parse(text.toString()).bytes() >= 0, text::toString);
      } catch (TypeConversionException e) {
        assertFalse(String.valueOf(e.getMessage()).isBlank());
      }
    }
  }
}
