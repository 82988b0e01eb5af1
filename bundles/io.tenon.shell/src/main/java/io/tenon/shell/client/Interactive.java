package io.tenon.shell.client;

import io.tenon.error.TenonException;
import io.tenon.shell.attach.ShellSocket;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.jline.terminal.TerminalBuilder;

/** A prompt on this process' terminal: lines are edited and completed here, and run on the node. */
public final class Interactive {
  private Interactive() {}

  /**
   * Until who sits there leaves.
   *
   * @param data data directory of the node
   * @return status of the last command
   */
  public static int attach(Path data) throws IOException, TenonException {
    try (var node = Connection.open(ShellSocket.in(data));
        var terminal = TerminalBuilder.builder().system(true).build()) {
      return new Prompt(terminal, new Attached(node, terminal.output()), _ -> false)
          .history(Path.of(System.getProperty("user.home"), ".tenon-shell-history"))
          .run();
    } catch (NodeGone e) {
      throw e.reason;
    }
  }

  private record Attached(Connection node, OutputStream screen) implements Prompt.Lines {
    @Override
    public int execute(String line) throws IOException {
      try {
        return node.execute(line, screen, screen);
      } catch (TenonException e) {
        throw new NodeGone(e);
      }
    }

    @Override
    public List<String> complete(List<String> words, int index) throws IOException {
      try {
        return node.complete(words, index);
      } catch (TenonException e) {
        throw new NodeGone(e);
      }
    }

    @Override
    public void interrupt() throws IOException {
      node.interrupt();
    }
  }

  /** Through a prompt that knows nothing of nodes. */
  private static final class NodeGone extends IOException {
    private static final long serialVersionUID = 1;

    private final transient TenonException reason;

    NodeGone(TenonException reason) {
      super(reason.getMessage(), reason);
      this.reason = reason;
    }
  }
}
