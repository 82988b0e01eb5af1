package io.tenon.shell.internal;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** What a line can go on with: commands, verbs, options, and names of things that exist now. */
@Component(service = Completion.class)
public final class Completion {
  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  private final List<Noun> nouns = new CopyOnWriteArrayList<>();

  /**
   * @param words of the line
   * @param index of the word that is being typed; may be one past the last
   * @return all that the word can be, sorted; not filtered by what is typed of it
   */
  List<String> candidates(List<String> words, int index) {
    if (index == 0) return commands().toList();
    String command = words.getFirst();
    return nouns.stream()
        .filter(noun -> noun.answersTo(command))
        .flatMap(noun -> noun.candidates(words, index).stream())
        .sorted()
        .toList();
  }

  private Stream<String> commands() {
    return nouns.stream()
        .flatMap(
            noun ->
                Stream.concat(
                    Stream.of(noun.name()),
                    noun.verbs().stream().map(verb -> noun.noun() + ":" + verb)))
        .sorted();
  }
}
