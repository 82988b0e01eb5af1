package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * What the shell of a running node says.
 *
 * @param data of the node
 */
record SpokenNode(Path home, Path data) {
  private static final long PATIENCE_SECONDS = 120;

  String say(String... words) throws Exception {
    return NodeProcess.say(home, data, words);
  }

  void must(String expected, String... words) throws Exception {
    String said = say(words);
    assertTrue(said.contains(expected), () -> String.join(" ", words) + " said " + said);
  }

  void mustNot(String unexpected, String... words) throws Exception {
    String said = say(words);
    assertFalse(said.contains(unexpected), () -> String.join(" ", words) + " said " + said);
  }

  void eventually(String expected, String... words) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      String said = say(words);
      if (said.contains(expected)) return;
      assertTrue(System.nanoTime() < deadline, () -> "never " + expected + ", but " + said);
    }
  }
}
