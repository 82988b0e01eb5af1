package io.tenon.shell.client;

import io.tenon.error.TenonException;
import io.tenon.shell.attach.ShellSocket;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jline.reader.Candidate;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;

/** A prompt: lines are edited and completed here, and run on the node. */
public final class Interactive {
  private static final String PROMPT = "tenon> ";
  private static final Set<String> LEAVE = Set.of("exit", "quit", "logout");

  private final Connection node;

  private Interactive(Connection node) {
    this.node = node;
  }

  /**
   * On this process' terminal, until who sits there leaves.
   *
   * @param data data directory of the node
   * @return status of the last command
   */
  public static int attach(Path data) throws IOException, TenonException {
    try (var node = Connection.open(ShellSocket.in(data))) {
      return new Interactive(node).run();
    }
  }

  private int run() throws IOException, TenonException {
    int status = 0;
    try (var terminal = TerminalBuilder.builder().system(true).build()) {
      var reader =
          LineReaderBuilder.builder()
              .terminal(terminal)
              .completer((_, line, candidates) -> complete(line, candidates))
              .variable(
                  LineReader.HISTORY_FILE,
                  Path.of(System.getProperty("user.home"), ".tenon-shell-history"))
              .build();
      terminal.handle(Signal.INT, _ -> interrupt(terminal));
      terminal.writer().println("Tab completes, help lists the commands, exit or Ctrl-D leaves.");
      while (true) {
        try {
          String line = reader.readLine(PROMPT);
          if (LEAVE.contains(line.strip())) return status;
          if (!line.isBlank()) status = execute(line, terminal.output());
        } catch (UserInterruptException e) {
          status = 1; // the line that was being typed is dropped
        } catch (EndOfFileException e) {
          return status;
        }
      }
    }
  }

  private int execute(String line, OutputStream screen) throws IOException, TenonException {
    int status = node.execute(line, screen, screen);
    screen.flush();
    return status;
  }

  private void interrupt(Terminal terminal) {
    try {
      node.interrupt();
    } catch (IOException e) {
      terminal.writer().println("The node has gone: " + e.getMessage());
    }
  }

  private void complete(ParsedLine line, List<Candidate> candidates) {
    try {
      for (String candidate : node.complete(line.words(), line.wordIndex())) {
        candidates.add(new Candidate(candidate));
      }
    } catch (IOException | TenonException e) {
      candidates.clear(); // the next line will say that the node has gone
    }
  }
}
