package io.tenon.ssh.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.apache.sshd.server.Environment;
import org.apache.sshd.server.Signal;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;
import org.jspecify.annotations.Nullable;

/** A terminal of somebody elsewhere, as JLine sees it. No device of this machine belongs to it. */
final class Screen {
  /** Kinds that JLine knows by itself. For others it would start a program, with a word of the client's as its argument. */
  private static final Set<String> KINDS =
      Set.of(
          "ansi",
          "dumb",
          "rxvt",
          "rxvt-unicode",
          "rxvt-unicode-256color",
          "screen",
          "screen-256color",
          "xterm",
          "xterm-256color");

  private static final int MOST_COLUMNS = 1000;
  private static final int MOST_ROWS = 500;
  private static final int LONGEST_NUMBER = 5;

  private Screen() {}

  static Terminal open(InputStream keys, OutputStream screen, Environment environment)
      throws IOException {
    var terminal =
        new ExternalTerminal(
            "ssh",
            kind(environment.getEnv().getOrDefault(Environment.ENV_TERM, "dumb")),
            keys,
            screen,
            StandardCharsets.UTF_8);
    resize(terminal, environment.getEnv());
    environment.addSignalListener(
        (_, _) -> {
          resize(terminal, environment.getEnv());
          terminal.raise(Terminal.Signal.WINCH);
        },
        Signal.WINCH);
    return terminal;
  }

  static String kind(String claimed) {
    if (KINDS.contains(claimed)) return claimed;
    return claimed.contains("256color") ? "xterm-256color" : "ansi";
  }

  private static void resize(Terminal terminal, Map<String, String> environment) {
    int columns = number(environment.get(Environment.ENV_COLUMNS), 80, MOST_COLUMNS);
    int rows = number(environment.get(Environment.ENV_LINES), 24, MOST_ROWS);
    terminal.setSize(new Size(columns, rows));
  }

  static int number(@Nullable String text, int otherwise, int most) {
    if (text == null || text.length() > LONGEST_NUMBER || !text.matches("[0-9]+")) return otherwise;
    int number = Integer.parseInt(text);
    return number == 0 ? otherwise : Math.min(number, most);
  }
}
