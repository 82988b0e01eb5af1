package io.tenon.metadata.testing;

import io.tenon.metadata.Change;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import io.tenon.metadata.WatchEvent;
import io.tenon.metadata.WatchEvent.Changed;
import io.tenon.metadata.WatchEvent.Current;
import io.tenon.metadata.WatchEvent.ReadAgain;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/** Hears a watch, checks that it makes sense, and keeps what it makes of it: a copy of what is there. */
public final class Listener implements Watch.Listener {
  private final List<WatchEvent> events = new ArrayList<>();
  private final TreeMap<Key, Entry> copy = new TreeMap<>();
  private final Map<CompletableFuture<Listener>, Predicate<Listener>> waiting =
      new LinkedHashMap<>();
  private Version heard = Version.NONE;
  private String complaint = "";

  /** Of a watch that begins with what is there. */
  public Listener() {}

  /** Of a watch that begins after a version. */
  public Listener(Version after) {
    heard = after;
  }

  @Override
  public synchronized void event(WatchEvent event) {
    if (!events.isEmpty() && events.getLast() instanceof ReadAgain)
      complain("an event after the last", event);
    switch (event) {
      case Current current -> {
        if (!events.isEmpty()) complain("a second beginning", event);
        for (Entry entry : current.listing().entries()) copy.put(entry.key(), entry);
        heard = current.listing().at();
      }
      case Changed changed -> {
        if (!changed.at().isAfter(heard)) complain("nothing newer than " + heard, event);
        heard = changed.at();
        for (Change change : changed.changes()) apply(change, changed);
      }
      case ReadAgain _ -> {}
    }
    events.add(event);
    waiting.entrySet().removeIf(each -> each.getValue().test(this) && each.getKey().complete(this));
  }

  private void apply(Change change, Changed event) {
    switch (change) {
      case Change.Written(Entry entry) -> {
        if (!entry.version().equals(event.at())) complain("an entry of another version", event);
        copy.put(entry.key(), entry);
      }
      case Change.Deleted(Key key) -> copy.remove(key);
    }
  }

  private void complain(String what, WatchEvent event) {
    if (complaint.isEmpty()) complaint = what + ": " + event + " after " + events;
  }

  /** Is done when it holds, now or after some event. */
  public synchronized CompletableFuture<Listener> when(Predicate<Listener> holds) {
    var done = new CompletableFuture<Listener>();
    if (holds.test(this)) done.complete(this);
    else waiting.put(done, holds);
    return done;
  }

  /** Is done when this version was heard of, or the watch has ended. */
  public CompletableFuture<Listener> reaches(Version version) {
    return when(me -> !version.isAfter(me.heard) || me.hasEnded());
  }

  public synchronized boolean hasEnded() {
    return !events.isEmpty() && events.getLast() instanceof ReadAgain;
  }

  public synchronized List<WatchEvent> events() {
    return List.copyOf(events);
  }

  /** All whole transactions heard. */
  public synchronized List<Changed> changes() {
    return events.stream().filter(Changed.class::isInstance).map(Changed.class::cast).toList();
  }

  /** What must be there, by what was heard. */
  public synchronized List<Entry> copy() {
    return List.copyOf(copy.values());
  }

  /** Fails when it heard what cannot be. */
  public synchronized void check() {
    if (!complaint.isEmpty()) throw new AssertionError("the watch told " + complaint);
  }
}
