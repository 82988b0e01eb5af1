package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tenon.metadata.ConflictException;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.Lease;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.Listing;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.OutcomeUnknownException;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreStatus;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import io.tenon.registry.NexusInfo;
import io.tenon.registry.RegistryFormatException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;

/** A store in memory that takes records only: written with an expected version, and never one that nobody could read. */
final class TestStore implements MetadataStore {
  /** What it does to changes. */
  enum Mood {
    WORKS,
    /** Nothing is done, and that is said. */
    AWAY,
    /** It is done, and nobody is told. */
    SILENT
  }

  private final TreeMap<Key, Entry> entries = new TreeMap<>();
  private long version;
  private volatile Mood mood = Mood.WORKS;
  private volatile CountDownLatch gate = new CountDownLatch(0);
  private volatile Runnable beforeCommit = () -> {};

  void mood(Mood now) {
    mood = now;
  }

  /** Changes wait until the latch is open. */
  CountDownLatch hold() {
    gate = new CountDownLatch(1);
    return gate;
  }

  void beforeCommit(Runnable check) {
    beforeCommit = check;
  }

  synchronized NexusInfo record(String key) throws RegistryFormatException {
    return NexusInfo.fromJson(entries.get(Key.of(key)).value());
  }

  synchronized boolean isEmpty() {
    return entries.isEmpty();
  }

  /** Whoever it is. */
  synchronized void write(String key, Value value) {
    var name = Key.of(key);
    entries.put(name, new Entry(name, value, new Version(++version), Optional.empty()));
  }

  @Override
  public Version commit(Transaction transaction, Duration within) throws StoreException {
    beforeCommit.run();
    try {
      gate.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    if (mood == Mood.AWAY) throw new StoreUnavailableException("The test has it away.", "");
    var done = commitNow(transaction);
    if (mood == Mood.SILENT) throw new OutcomeUnknownException("The test has it silent.");
    return done;
  }

  private synchronized Version commitNow(Transaction transaction) throws StoreException {
    for (var operation : transaction.operations()) {
      var expected = transaction.expected().get(operation.key());
      assertFalse(expected == null, "a record is written whatever was there: " + operation);
      var present = Optional.ofNullable(entries.get(operation.key()));
      if (!present.map(Entry::version).orElse(Version.NONE).equals(expected)) {
        throw new ConflictException(Map.of(operation.key(), present));
      }
      if (!(operation instanceof Transaction.Operation.Put put))
        throw new AssertionError(operation);
      try {
        var info = NexusInfo.fromJson(put.value());
        assertFalse(
            info.children().stream().noneMatch(NexusInfo.Child::healthy),
            () -> "nobody is healthy on record: " + info);
      } catch (RegistryFormatException e) {
        throw new AssertionError(e);
      }
      write(put.key().text(), put.value());
    }
    return new Version(version);
  }

  @Override
  public synchronized Optional<Entry> get(Key key, Duration within) throws StoreException {
    if (mood == Mood.AWAY) throw new StoreUnavailableException("The test has it away.", "");
    return Optional.ofNullable(entries.get(key));
  }

  @Override
  public Listing list(Prefix prefix, Duration within) {
    throw new UnsupportedOperationException("a nexus looks at its own record only");
  }

  @Override
  public Watch watch(Prefix prefix, Watch.Listener listener) {
    throw new UnsupportedOperationException("a nexus watches nothing");
  }

  @Override
  public Watch watch(Prefix prefix, Version after, Watch.Listener listener) {
    throw new UnsupportedOperationException("a nexus watches nothing");
  }

  @Override
  public Lease grant(Duration timeToLive, Lease.Listener listener, Duration within) {
    throw new UnsupportedOperationException("a nexus needs no lease");
  }

  @Override
  public Lease adopt(LeaseId id, Duration timeToLive, Lease.Listener listener, Duration within) {
    throw new UnsupportedOperationException("a nexus needs no lease");
  }

  @Override
  public StoreStatus status() {
    return new StoreStatus("test", "memory", "", Instant.EPOCH, new Version(version), 0, 0);
  }
}
