package io.tenon.metadata.testing;

import io.tenon.metadata.Change;
import io.tenon.metadata.ConflictException;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.metadata.WatchEvent.Changed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What callers were told, and whether that can be: against all that happened, as a watch has heard it. Nothing that was answered as done is
 * missing, nothing that was answered as not done is there, and nobody is shown what was older than what somebody already knew.
 */
public final class StoreHistory {
  /** One call. */
  private static final class Call {
    final String what;
    final Key key;
    final Optional<Version> expected;
    final long knownBefore;
    Optional<Version> done = Optional.empty();
    boolean perhaps;
    Optional<Entry> seen = Optional.empty();
    boolean read;

    Call(String what, Key key, Optional<Version> expected, long knownBefore) {
      this.what = what;
      this.key = key;
      this.expected = expected;
      this.knownBefore = knownBefore;
    }

    @Override
    public String toString() {
      return "%s of %s%s".formatted(what, key, expected.map(v -> " expecting " + v).orElse(""));
    }
  }

  private final MetadataStore store;
  private final List<Call> calls = new ArrayList<>();
  private final Map<String, Call> writes = new LinkedHashMap<>();

  /** The greatest version that any caller has been told. */
  private long known;

  private int values;

  public StoreHistory(MetadataStore store) {
    this.store = store;
  }

  private synchronized Call begin(String what, Key key, Optional<Version> expected) {
    var call = new Call(what, key, expected, known);
    calls.add(call);
    return call;
  }

  private synchronized String unique() {
    return "value " + values++;
  }

  private synchronized void knows(Version version) {
    known = Math.max(known, version.value());
  }

  /** How many calls there were. */
  public synchronized int size() {
    return calls.size();
  }

  public synchronized long count(boolean unknown) {
    return calls.stream()
        .filter(call -> unknown ? call.perhaps : call.done.isPresent() || call.read)
        .count();
  }

  /**
   * Puts something that was never put before.
   *
   * @return the version, when it was done
   */
  public Optional<Version> put(Key key, Optional<Version> expected, Duration within) {
    var text = unique();
    var call = begin(text, key, expected);
    synchronized (this) {
      writes.put(text, call);
    }
    try {
      var version =
          expected.isPresent()
              ? store.put(key, Value.of(text), expected.get(), within)
              : store.put(key, Value.of(text), within);
      call.done = Optional.of(version);
      knows(version);
    } catch (ConflictException e) {
      e.found(key).map(Entry::version).ifPresent(this::knows);
    } catch (StoreException e) {
      call.perhaps = !e.isCertainlyNotDone();
    }
    return call.done;
  }

  /** @return what was there, when it could be read */
  public Optional<Entry> get(Key key, Duration within) {
    var call = begin("get", key, Optional.empty());
    try {
      call.seen = store.get(key, within);
      call.read = true;
      call.seen.map(Entry::version).ifPresent(this::knows);
    } catch (StoreException e) {
      if (!e.isCertainlyNotDone()) {
        throw new AssertionError("a question was answered as perhaps done", e);
      }
    }
    return call.seen;
  }

  /**
   * Compares with what happened.
   *
   * @param happened all changes of all keys, from the first
   */
  public synchronized void check(List<Changed> happened) {
    var truth = new Truth(happened);
    for (Call write : writes.values()) checkWrite(write, truth);
    for (Call call : calls) if (call.read) checkRead(call, truth);
  }

  /** All that happened: the text of each key at each version, empty where it was deleted. */
  private static final class Truth {
    private final Map<Key, NavigableMap<Long, Optional<String>>> ofKeys = new TreeMap<>();
    private final Map<String, Long> cameTrue = new TreeMap<>();

    Truth(List<Changed> happened) {
      for (Changed transaction : happened) {
        for (Change change : transaction.changes()) add(transaction.at().value(), change);
      }
    }

    private void add(long version, Change change) {
      var text =
          change instanceof Change.Written(Entry entry)
              ? Optional.of(entry.value().text())
              : Optional.<String>empty();
      of(change.key()).put(version, text);
      if (text.isPresent() && cameTrue.put(text.get(), version) != null) {
        throw new AssertionError(text.get() + " came true twice");
      }
    }

    NavigableMap<Long, Optional<String>> of(Key key) {
      return ofKeys.computeIfAbsent(key, _ -> new TreeMap<>());
    }
  }

  private static void checkWrite(Call write, Truth truth) {
    var at = truth.cameTrue.get(write.what);
    if (write.done.isPresent() && (at == null || at != write.done.get().value())) {
      throw new AssertionError(
          write + " was done at " + write.done.get() + ", and happened at " + at);
    }
    if (at == null) return;
    if (write.done.isEmpty() && !write.perhaps) {
      throw new AssertionError(write + " was certainly not done, and happened at " + at);
    }
    if (at <= write.knownBefore) {
      throw new AssertionError(write + " happened at " + at + ", before it was asked for");
    }
    if (write.expected.isEmpty()) return;
    var before = truth.of(write.key).lowerEntry(at);
    long found = before == null || before.getValue().isEmpty() ? 0 : before.getKey();
    if (found != write.expected.get().value()) {
      throw new AssertionError(write + " happened at " + at + " over version " + found);
    }
  }

  private static void checkRead(Call read, Truth truth) {
    var ofKey = truth.of(read.key);
    long seen = read.seen.map(entry -> entry.version().value()).orElse(0L);
    if (read.seen.isPresent()
        && !read.seen.map(entry -> entry.value().text()).equals(ofKey.get(seen))) {
      throw new AssertionError(
          read
              + " found "
              + read.seen.get().value().text()
              + " at "
              + seen
              + ", where is "
              + ofKey.get(seen));
    }
    // Absent can be seen from the beginning and after each deletion.
    boolean possible = read.seen.isPresent() && isCurrentAfter(seen, read.knownBefore, ofKey);
    if (read.seen.isEmpty()) {
      possible = isCurrentAfter(0, read.knownBefore, ofKey);
      for (var each : ofKey.entrySet()) {
        possible |=
            each.getValue().isEmpty() && isCurrentAfter(each.getKey(), read.knownBefore, ofKey);
      }
    }
    if (!possible) {
      throw new AssertionError(
          "%s found version %d, and %d was known before; there were %s"
              .formatted(read, seen, read.knownBefore, ofKey));
    }
  }

  private static boolean isCurrentAfter(
      long version, long known, NavigableMap<Long, Optional<String>> ofKey) {
    var next = ofKey.higherKey(version);
    return next == null || next > known;
  }
}
