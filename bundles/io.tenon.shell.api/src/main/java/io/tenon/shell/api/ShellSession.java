package io.tenon.shell.api;

import java.util.List;

/** Lines of one caller, one after the other. */
public interface ShellSession extends AutoCloseable {
  /** What a line ends with that was done. */
  int DONE = 0;

  /** What a line ends with that the caller's role may not. */
  int NOT_ALLOWED = 4;

  /**
   * Runs a line in this thread, when the one before has ended. What there is to say, failures as well, goes to the session's streams.
   *
   * @return 0 when it was done
   */
  int execute(String line);

  /** Asks the line that runs to stop. Any thread; nothing happens when none runs. */
  void interrupt();

  /**
   * What a word can go on with, of what the caller's role may use.
   *
   * @param words of the line
   * @param index of the word that is being typed; may be one past the last
   */
  List<String> complete(List<String> words, int index);

  /** Stops the line that runs; no other begins. Does not wait for it. */
  @Override
  void close();
}
