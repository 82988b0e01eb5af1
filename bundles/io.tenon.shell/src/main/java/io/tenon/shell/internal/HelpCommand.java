package io.tenon.shell.internal;

import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.felix.service.command.CommandSession;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code help}: what there is; {@code help device create} and {@code help device:create}: how that is used. */
@Component(
    service = HelpCommand.class,
    property = {"osgi.command.scope=tenon", "osgi.command.function=help"})
public final class HelpCommand {
  private final Nouns nouns;

  @Activate
  public HelpCommand(@Reference Nouns nouns) {
    this.nouns = nouns;
  }

  /** Called by Gogo. */
  public void help(CommandSession session, String[] words) throws Exception {
    print(session.getConsole(), List.of(words), Callers.of(session));
  }

  void print(PrintStream console, List<String> words, Caller caller) throws Exception {
    if (words.isEmpty()) {
      list(console, caller.role());
      return;
    }
    var noun =
        nouns
            .find(words.getFirst())
            .orElseThrow(
                () ->
                    new Refused(
                        "There is no command "
                            + words.getFirst()
                            + ". help lists Tenon's own, felix:help all."));
    var line = new ArrayList<>(noun.spelledOut(words));
    line.add("--help");
    noun.run(console, line.stream().skip(1).toArray(), caller);
  }

  private void list(PrintStream console, Role role) {
    var out = new PrintWriter(console, true, StandardCharsets.UTF_8);
    new Output(out)
        .table(
            nouns
                .all()
                .filter(noun -> noun.isFor(role))
                .sorted(Comparator.comparing(Noun::name))
                .map(noun -> Row.of("command", noun.name(), "what_it_is_for", noun.description()))
                .toList());
    out.println();
    out.println("COMMAND --help tells its verbs, COMMAND VERB --help the rest, with an example.");
    out.println("device:list is short for tenon:device list, and so are all others.");
    if (role != Role.ADMIN) {
      out.println("Your role is " + role.word() + ": others see more commands and verbs.");
      return;
    }
    out.println(
        "Bundles are the framework's: lb, start, stop, update; felix:help lists everything.");
  }
}
