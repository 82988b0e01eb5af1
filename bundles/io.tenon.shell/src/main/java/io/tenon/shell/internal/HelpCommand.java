package io.tenon.shell.internal;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.felix.service.command.CommandSession;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** {@code help}: what there is; {@code help device create} and {@code help device:create}: how that is used. */
@Component(
    service = HelpCommand.class,
    property = {"osgi.command.scope=tenon", "osgi.command.function=help"})
public final class HelpCommand {
  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  private final List<Noun> nouns = new CopyOnWriteArrayList<>();

  /** Called by Gogo. */
  public void help(CommandSession session, String[] words) throws Exception {
    if (words.length == 0) {
      list(session);
      return;
    }
    var noun =
        nouns.stream()
            .filter(each -> each.answersTo(words[0]))
            .findFirst()
            .orElseThrow(
                () ->
                    new Refused(
                        "There is no command "
                            + words[0]
                            + ". help lists Tenon's own, felix:help all."));
    var line = new ArrayList<>(noun.spelledOut(List.of(words)));
    line.add("--help");
    noun.run(session, line.stream().skip(1).toArray());
  }

  private void list(CommandSession session) {
    var out = new PrintWriter(session.getConsole(), true, StandardCharsets.UTF_8);
    new Output(out)
        .table(
            nouns.stream()
                .sorted(Comparator.comparing(Noun::name))
                .map(noun -> Row.of("command", noun.name(), "what_it_is_for", noun.description()))
                .toList());
    out.println();
    out.println("COMMAND --help tells its verbs, COMMAND VERB --help the rest, with an example.");
    out.println("device:list is short for tenon:device list, and so are all others.");
    out.println(
        "Bundles are the framework's: lb, start, stop, update; felix:help lists everything.");
  }
}
