package io.tenon.health.internal;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.felix.hc.api.execution.HealthCheckMetadata;
import org.apache.felix.hc.api.execution.HealthCheckSelector;
import org.jspecify.annotations.Nullable;

/**
 * Which checks are meant. As in Felix' own executor: a word with a dash before it leaves out; of tags all must be there, of names one;
 * whoever has tags or a name that are asked for is in. An asterisk is any of them.
 *
 * @param any whether one of the tags is enough
 */
record Selection(List<String> tags, List<String> names, List<String> without, boolean any) {
  private static final String NOT = "-";
  private static final String ANY = "*";

  static Selection of(HealthCheckSelector selector, boolean any) {
    return of(words(selector.tags()), words(selector.names()), any);
  }

  private static List<String> words(String @Nullable [] words) {
    return words == null ? List.of() : Arrays.asList(words);
  }

  static Selection of(List<String> tags, List<String> names, boolean any) {
    var without =
        Stream.concat(tags.stream(), names.stream())
            .filter(word -> word.startsWith(NOT))
            .map(word -> word.substring(NOT.length()))
            .toList();
    Predicate<String> meant = word -> !word.startsWith(NOT) && !word.isEmpty();
    return new Selection(
        tags.stream().filter(meant).toList(), names.stream().filter(meant).toList(), without, any);
  }

  boolean takes(HealthCheckMetadata check) {
    return takes(check.getTitle(), check.getTags());
  }

  boolean takes(String name, List<String> has) {
    if (without.contains(name) || has.stream().anyMatch(without::contains)) return false;
    if (tags.isEmpty() && names.isEmpty()) return true;
    if (names.contains(name) || names.contains(ANY)) return true;
    if (tags.isEmpty()) return false;
    Predicate<String> met = tag -> tag.equals(ANY) || has.contains(tag);
    return any ? tags.stream().anyMatch(met) : tags.stream().allMatch(met);
  }
}
