package io.tenon.shell.internal;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** Tenon's own commands, as they come and go. */
@Component(service = Nouns.class)
public final class Nouns {
  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  private final List<Noun> nouns = new CopyOnWriteArrayList<>();

  public Nouns() {}

  Nouns(List<Noun> nouns) {
    this.nouns.addAll(nouns);
  }

  Stream<Noun> all() {
    return nouns.stream();
  }

  /** The one that answers to the first word of a line. */
  Optional<Noun> find(String word) {
    return nouns.stream().filter(noun -> noun.answersTo(word)).findFirst();
  }
}
