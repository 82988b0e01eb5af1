package io.tenon.shell.client;

import io.tenon.error.TenonException;
import io.tenon.shell.attach.ShellSocket;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon-shell --data DIR [COMMAND…]}. */
@Command(
    name = "tenon-shell",
    mixinStandardHelpOptions = true,
    version = "tenon-shell, API of the shell socket 1",
    description = {
      "Attaches to the shell of a running node.",
      "",
      "Without a command it is interactive: Tab completes, Ctrl-C stops a command, Ctrl-D leaves.",
      "With a command it does that and ends with its status: 0 done, 1 refused or failed, 2 not",
      "understood; a command may have others, which its --help says. 3: there is no such node."
    },
    footer = {
      "",
      "Examples:",
      "  tenon-shell --data /var/lib/tenon",
      "  tenon-shell --data /var/lib/tenon tenon:nexus list --json"
    })
public final class Main implements Callable<Integer> {
  private static final int UNREACHABLE = 3;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      required = true,
      defaultValue = "${env:TENON_DATA}",
      description = "Data directory of the node; also by TENON_DATA.")
  private Path data = Path.of(".");

  @Parameters(paramLabel = "COMMAND", arity = "0..*", description = "Command and its words.")
  private @Nullable List<String> words;

  /** Called by {@code bin/tenon-shell}. */
  public static void main(String[] arguments) {
    var line = new CommandLine(new Main()).setStopAtPositional(true);
    line.setExecutionExceptionHandler(
        (e, _, _) -> {
          System.err.println(e instanceof TenonException ? e.getMessage() : e.toString());
          return UNREACHABLE;
        });
    System.exit(line.execute(arguments));
  }

  @Override
  public Integer call() throws TenonException, IOException {
    var command = Optional.ofNullable(words).filter(given -> !given.isEmpty());
    if (command.isEmpty()) return Interactive.attach(data);
    try (var node = Connection.open(ShellSocket.in(data))) {
      return node.execute(joined(command.get()), System.out, error());
    }
  }

  private static PrintStream error() {
    return System.err;
  }

  /** Words as Gogo reads them back: quoted where they hold what it would take for syntax. */
  static String joined(List<String> words) {
    return words.stream().map(Main::quoted).collect(Collectors.joining(" "));
  }

  private static String quoted(String word) {
    boolean plain =
        word.chars().allMatch(c -> Character.isLetterOrDigit(c) || "-_:./,+@".indexOf(c) >= 0);
    return plain && !word.isEmpty()
        ? word
        : "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
