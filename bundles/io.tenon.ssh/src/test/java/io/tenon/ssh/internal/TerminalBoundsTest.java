package io.tenon.ssh.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerminalBoundsTest {
  @Test
  void keysEndWithALineThatIsTooLongAndNotBefore() throws Exception {
    var keys = new BoundedLines(bytes("abc\rabcd\n" + "x".repeat(100)), 5);
    var got = new ByteArrayOutputStream();
    for (int key = keys.read(); key >= 0; key = keys.read()) got.write(key);
    assertEquals("abc\rabcd\nxxxxxx", got.toString(StandardCharsets.UTF_8));
  }

  private static ByteArrayInputStream bytes(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource({
    "xterm-256color, xterm-256color",
    "tmux-256color, xterm-256color",
    "-x, ansi",
    "../../etc/passwd, ansi",
    "dumb, dumb",
  })
  void aKindOfTerminalThatIsNotKnownStartsNoProgram(String claimed, String taken) {
    assertEquals(taken, Screen.kind(claimed));
  }

  @ParameterizedTest
  @CsvSource({"80, 80", "0, 7", "99999, 500", "999999999999, 7", "-5, 7", "x, 7"})
  void aTerminalIsNotAsLargeAsItClaims(String claimed, int taken) {
    assertEquals(taken, Screen.number(claimed, 7, 500));
  }

  @Test
  void linesEndAsATerminalWantsThem() throws Exception {
    var screen = new ByteArrayOutputStream();
    var output = new TerminalOutput(screen);
    output.write("a\nb\n\nc".getBytes(StandardCharsets.UTF_8));
    output.write('\n');
    assertEquals("a\r\nb\r\n\r\nc\r\n", screen.toString(StandardCharsets.UTF_8));
  }
}
