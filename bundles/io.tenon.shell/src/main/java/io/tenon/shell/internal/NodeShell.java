package io.tenon.shell.internal;

import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import io.tenon.shell.api.Shell;
import io.tenon.shell.api.ShellSession;
import io.tenon.shell.client.Prompt;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.apache.felix.service.command.CommandProcessor;
import org.jline.terminal.Terminal;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Gives each caller the shell that their role has. */
@Component(service = Shell.class)
public final class NodeShell implements Shell {
  private final CommandProcessor processor;
  private final Nouns nouns;
  private final HelpCommand help;
  private final Completion completion;
  private final AuditTrail audit;

  @Activate
  public NodeShell(
      @Reference CommandProcessor processor,
      @Reference Nouns nouns,
      @Reference HelpCommand help,
      @Reference Completion completion,
      @Reference AuditTrail audit) {
    this.processor = processor;
    this.nouns = nouns;
    this.help = help;
    this.completion = completion;
    this.audit = audit;
  }

  @Override
  public ShellSession open(Caller caller, OutputStream output, OutputStream errors) {
    var out = printing(output);
    var err = printing(errors);
    Language language =
        caller.role() == Role.ADMIN
            ? new Gogo(caller, processor, nouns, out)
            : new Words(caller, nouns, help, out);
    return new GuardedSession(caller, language, completion, audit, err);
  }

  private static PrintStream printing(OutputStream stream) {
    return new PrintStream(new BufferedOutputStream(stream), false, StandardCharsets.UTF_8);
  }

  @Override
  public int prompt(Caller caller, Terminal terminal, Path history) throws IOException {
    var screen = terminal.output();
    try (var session = open(caller, screen, screen)) {
      return new Prompt(terminal, new Spoken(session), Redaction::hasSecret)
          .guarded()
          .history(history)
          .run();
    }
  }

  private record Spoken(ShellSession session) implements Prompt.Lines {
    @Override
    public int execute(String line) {
      return session.execute(line);
    }

    @Override
    public List<String> complete(List<String> words, int index) {
      return session.complete(words, index);
    }

    @Override
    public void interrupt() {
      session.interrupt();
    }
  }
}
