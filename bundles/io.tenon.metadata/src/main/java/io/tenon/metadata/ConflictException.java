package io.tenon.metadata;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Something is not as expected: another writer was first. Nothing was done. Read again, decide again. */
public final class ConflictException extends StoreException {
  private static final long serialVersionUID = 1;

  @SuppressWarnings("serial") // a TreeMap of records; nobody sends this anywhere
  private final Map<Key, Optional<Entry>> found;

  /**
   * @param found what was there instead, of the keys that are not as expected
   */
  public ConflictException(Map<Key, Optional<Entry>> found) {
    super(
        "The change was not made: another writer was first.",
        "Found "
            + found.entrySet().stream()
                .map(ConflictException::text)
                .collect(Collectors.joining(", "))
            + ".",
        "Read what is there now and decide again.");
    this.found = Collections.unmodifiableMap(new TreeMap<>(found));
  }

  private static String text(Map.Entry<Key, Optional<Entry>> found) {
    return found.getKey()
        + found.getValue().map(entry -> " at version " + entry.version()).orElse(" gone");
  }

  /** The keys that are not as expected, in order. */
  public List<Key> keys() {
    return List.copyOf(found.keySet());
  }

  /**
   * What is there instead.
   *
   * @param key one of {@link #keys}
   * @return empty when it is gone
   */
  public Optional<Entry> found(Key key) {
    var entry = found.get(key);
    if (entry == null) throw new IllegalArgumentException(key + " is as expected");
    return entry;
  }
}
