package io.tenon.shell.api;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import org.jline.terminal.Terminal;

/**
 * The node's shell, for whoever lets people in: a service. Each line is held against the caller's role, and written down. Whoever
 * calls has made sure who the caller is.
 */
public interface Shell {
  /**
   * @param output closed by nobody here
   * @param errors closed by nobody here; may be the same
   */
  ShellSession open(Caller caller, OutputStream output, OutputStream errors);

  /**
   * A prompt, until the caller leaves or the terminal ends. In this thread.
   *
   * <p>The terminal is taken for one at which a stranger may sit: keys that would reach files of this machine, or its memory, do
   * nothing.
   *
   * @param history file that keeps what was typed, but for lines with a secret; made when it is missing
   * @return what the last line ended with
   */
  int prompt(Caller caller, Terminal terminal, Path history) throws IOException;
}
