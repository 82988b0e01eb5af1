package io.tenon.metadata;

import java.util.List;

/**
 * What was there at one moment.
 *
 * @param entries in the order of their keys
 * @param at the store's version then; a watch after it misses nothing
 */
public record Listing(List<Entry> entries, Version at) {
  public Listing {
    entries = List.copyOf(entries);
  }
}
