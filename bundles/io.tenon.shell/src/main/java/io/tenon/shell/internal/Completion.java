package io.tenon.shell.internal;

import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.felix.service.command.CommandSession;
import org.jline.reader.ParsedLine;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/**
 * What a line can go on with: commands, verbs, options, and names of things that exist now. Gogo asks by the function {@code
 * tenon:complete}, which {@code etc/gosh_profile} ties to each command.
 */
@Component(
    service = Completion.class,
    property = {"osgi.command.scope=tenon", "osgi.command.function=complete"})
public final class Completion {
  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  private final List<Noun> nouns = new CopyOnWriteArrayList<>();

  /** Called by Gogo with the line that is being typed. */
  public List<String> complete(CommandSession session) {
    return session.get(".commandLine") instanceof ParsedLine line
        ? candidates(line.words(), line.wordIndex())
        : List.of();
  }

  /**
   * @param words of the line
   * @param index of the word that is being typed; may be one past the last
   * @return all that the word can be, sorted; not filtered by what is typed of it
   */
  List<String> candidates(List<String> words, int index) {
    if (index == 0) return commands().toList();
    String command = words.getFirst();
    return nouns.stream()
        .filter(noun -> noun.name().equals(command) || noun.name().endsWith(":" + command))
        .flatMap(noun -> noun.candidates(words, index).stream())
        .sorted()
        .toList();
  }

  private Stream<String> commands() {
    return nouns.stream().map(Noun::name).sorted(Comparator.naturalOrder());
  }
}
