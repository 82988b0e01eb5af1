package io.tenon.metadata;

import java.util.List;

/** What a watch tells, in this order: once {@link Current} unless a version was given, then changes; {@link ReadAgain} is the last. */
public sealed interface WatchEvent {
  /** All that is there. */
  record Current(Listing listing) implements WatchEvent {}

  /**
   * All that one transaction did to the watched keys.
   *
   * @param at greater than the version of every event before
   * @param changes never empty, at most one for a key
   */
  record Changed(Version at, List<Change> changes) implements WatchEvent {
    public Changed {
      changes = List.copyOf(changes);
    }
  }

  /**
   * Changes were missed: the store has forgotten them, or the listener was too slow. The watch has ended; a new one begins with
   * what is there then.
   *
   * @param why a sentence
   */
  record ReadAgain(String why) implements WatchEvent {}
}
