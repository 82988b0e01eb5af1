package io.tenon.shell.internal;

import io.tenon.shell.api.Role;
import java.util.List;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** What a line can go on with: commands, verbs, options, and names of things that exist now. */
@Component(service = Completion.class)
public final class Completion {
  private final Nouns nouns;

  @Activate
  public Completion(@Reference Nouns nouns) {
    this.nouns = nouns;
  }

  /**
   * @param words of the line
   * @param index of the word that is being typed; may be one past the last
   * @param role whose commands are offered
   * @return all that the word can be, sorted; not filtered by what is typed of it
   */
  List<String> candidates(List<String> words, int index, Role role) {
    if (index == 0) return commands(role).toList();
    String command = words.getFirst();
    return nouns
        .all()
        .filter(noun -> noun.answersTo(command))
        .flatMap(noun -> noun.candidates(words, index, role).stream())
        .sorted()
        .toList();
  }

  private Stream<String> commands(Role role) {
    return nouns
        .all()
        .filter(noun -> noun.isFor(role))
        .flatMap(
            noun ->
                Stream.concat(
                    Stream.of(noun.name()), noun.verbs(role).map(verb -> noun.noun() + ":" + verb)))
        .sorted();
  }
}
