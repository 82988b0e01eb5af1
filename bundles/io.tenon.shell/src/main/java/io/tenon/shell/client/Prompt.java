package io.tenon.shell.client;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jline.reader.Candidate;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.history.DefaultHistory;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;

/** Lines are edited and completed on a terminal, and run wherever {@link Lines} runs them. */
public final class Prompt {
  private static final String TEXT = "tenon> ";
  private static final Set<String> LEAVE = Set.of("exit", "quit", "logout");

  /** Whoever runs the lines. */
  public interface Lines {
    /**
     * @return its status; 0 when it was done
     */
    int execute(String line) throws IOException;

    /** What the word at the index can be. */
    List<String> complete(List<String> words, int index) throws IOException;

    /** Stops the line that runs. Any thread. */
    void interrupt() throws IOException;
  }

  private final Terminal terminal;
  private final Lines lines;
  private final LineReader reader;

  /**
   * @param secret lines that no history may keep
   */
  public Prompt(Terminal terminal, Lines lines, Predicate<String> secret) {
    this.terminal = terminal;
    this.lines = lines;
    this.reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .completer((_, line, candidates) -> complete(line, candidates))
            .history(new Kept(secret))
            .build();
  }

  /** For a terminal at which a stranger may sit. */
  public Prompt guarded() {
    Keys.guard(reader);
    return this;
  }

  /**
   * @param file that keeps the lines; one that cannot be read keeps nobody from the prompt
   */
  public Prompt history(Path file) {
    reader.setVariable(LineReader.HISTORY_FILE, file);
    try {
      reader.getHistory().load();
    } catch (IOException | IllegalArgumentException e) {
      terminal.writer().println("What was typed before cannot be read: " + e.getMessage());
    }
    return this;
  }

  /**
   * Until who sits there leaves.
   *
   * @return status of the last line
   */
  public int run() throws IOException {
    int status = 0;
    terminal.handle(Signal.INT, _ -> interrupt());
    terminal.writer().println("Tab completes, help lists the commands, exit or Ctrl-D leaves.");
    while (true) {
      try {
        String line = reader.readLine(TEXT);
        if (LEAVE.contains(line.strip())) return status;
        if (!line.isBlank()) {
          status = lines.execute(line);
          terminal.flush();
        }
      } catch (UserInterruptException e) {
        // Also what each read of a terminal ends with that was closed under it, for ever.
        if (terminal.writer().checkError()) return status;
        status = 1; // the line that was being typed is dropped
      } catch (EndOfFileException e) {
        return status;
      }
    }
  }

  private void interrupt() {
    try {
      lines.interrupt();
    } catch (IOException e) {
      terminal.writer().println("The node has gone: " + e.getMessage());
    }
  }

  private void complete(ParsedLine line, List<Candidate> candidates) {
    try {
      for (String candidate : lines.complete(line.words(), line.wordIndex())) {
        candidates.add(new Candidate(candidate));
      }
    } catch (IOException e) {
      candidates.clear(); // the next line will say that the node has gone
    }
  }

  private static final class Kept extends DefaultHistory {
    private final Predicate<String> secret;

    Kept(Predicate<String> secret) {
      this.secret = secret;
    }

    @Override
    public void add(Instant time, String line) {
      if (!secret.test(line)) super.add(time, line);
    }
  }
}
