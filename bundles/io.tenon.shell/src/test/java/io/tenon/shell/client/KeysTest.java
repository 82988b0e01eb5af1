package io.tenon.shell.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What somebody elsewhere can do at a prompt that runs in the node. */
@Timeout(120)
class KeysTest {
  private static final String EDITOR = "\u0018\u0005"; // Ctrl-X Ctrl-E
  private static final String KILL_LINE = "\u0015";
  private static final String YANK = "\u0019";

  @TempDir private Path folder;
  private final List<String> lines = new ArrayList<>();

  /** The lines that were run when these keys had been pressed. */
  private List<String> type(String keys) throws Exception {
    lines.clear();
    var in = new ByteArrayInputStream(keys.getBytes(StandardCharsets.UTF_8));
    try (var terminal =
        new ExternalTerminal(
            "test", "xterm", in, new ByteArrayOutputStream(), StandardCharsets.UTF_8)) {
      new Prompt(terminal, new Listed(), line -> line.contains("hunter2"))
          .guarded()
          .history(folder.resolve("history"))
          .run();
    }
    return lines;
  }

  private final class Listed implements Prompt.Lines {
    @Override
    public int execute(String line) {
      lines.add(line);
      return 0;
    }

    @Override
    public List<String> complete(List<String> words, int index) {
      return List.of("completed");
    }

    @Override
    public void interrupt() {
      throw new AssertionError("nothing runs");
    }
  }

  @Test
  void aLineIsEditedCompletedAndRemembered() throws Exception {
    assertEquals(List.of("ab"), type("axb\u007f\u007fb\rexit\r"));
    assertTrue(type("comp\t\rexit\r").getFirst().startsWith("completed"));
    assertEquals(List.of("first", "first"), type("first\r\u0010\rexit\r"));
  }

  @Test
  void noKeyOpensAnEditor() throws Exception {
    assertEquals(List.of("look"), type("look" + EDITOR + "\rexit\r"));
  }

  @Test
  void noKeyIsRepeatedAMillionTimes() throws Exception {
    var ran = type("\u001b9\u001b9\u001b9\u001b9\u001b9\u001b9x\rexit\r");
    assertEquals(List.of("x"), ran);
  }

  @Test
  void aLineDoesNotGrowWithoutEnd() throws Exception {
    var doubled = (KILL_LINE + YANK + YANK).repeat(40);
    for (String line : type("x".repeat(64) + doubled + "\rexit\r")) {
      assertTrue(line.length() <= Keys.MAX_LINE, "has " + line.length());
    }
  }

  @Test
  void aPasteEndsWithItsLines() throws Exception {
    assertTrue(type("\u001b[200~\rone\rexit\r").contains("one"));
  }

  @Test
  void noSecretIsRemembered() throws Exception {
    type("x --password hunter2\rlook\rexit\r");
    String history = Files.readString(folder.resolve("history"));
    assertTrue(history.contains("look"), history);
    assertFalse(history.contains("hunter2"), history);
  }
}
