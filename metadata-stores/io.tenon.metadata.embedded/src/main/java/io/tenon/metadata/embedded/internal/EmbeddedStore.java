package io.tenon.metadata.embedded.internal;

import io.tenon.error.TenonException;
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
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import io.tenon.metadata.WatchEvent.Changed;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store. Reads come from memory and see only what is durable. After a failure of the disk it answers nothing, not even reads, until
 * the journal has been written anew: what was being written then could still come true by a crash.
 */
final class EmbeddedStore implements MetadataStore, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedStore.class);

  /** Holders of leases of the store before this one have so long to come: as long as a bundle takes to be replaced. */
  static final Duration INHERITANCE = Duration.ofSeconds(10);

  private static final String REMEDY = "Look at the disk below it; it tries again by itself.";

  private final Folder folder;
  private final String place;
  private final InstantSource clock;
  private final Journal journal;
  private final Committer committer;
  private final Executor listeners;
  private final Leases leases;
  private final CountDownLatch closing = new CountDownLatch(1);

  /** Guards what follows. Held for moments, never for I/O. */
  private final ReentrantLock lock = new ReentrantLock();

  private final State state = new State();
  private final Watches watches;
  private String problem = "";
  private Instant since;
  private boolean closed;

  /**
   * @param place of the folder, as people know it
   * @throws TenonException when it cannot be opened, with what to do
   */
  EmbeddedStore(Folder folder, String place, InstantSource clock)
      throws TenonException, IOException {
    this(folder, place, clock, INHERITANCE);
  }

  /**
   * @param inheritance how long holders of leases of the store before this one may come
   */
  EmbeddedStore(Folder folder, String place, InstantSource clock, Duration inheritance)
      throws TenonException, IOException {
    this.folder = folder;
    this.place = place;
    this.clock = clock;
    this.since = clock.instant();
    var replayed = new ArrayList<Changed>();
    this.journal = Journal.open(folder, place, state, replayed::add);
    this.listeners = Thread.ofVirtual().name("tenon-metadata-listener")::start;
    // Each transaction is one version after the one before.
    this.watches = new Watches(new Version(state.version().value() - replayed.size()), listeners);
    watches.tell(replayed);
    this.leases = new Leases(this::sweep);
    this.committer = new Committer(new Batches());
    try {
      inheritLeases(inheritance);
    } catch (StoreException | IOException e) {
      close();
      throw e;
    }
  }

  /** Whoever held another lease was in a process that has ended. */
  private void inheritLeases(Duration within) throws IOException, StoreException {
    var inherited = LeaseFile.take(folder);
    leases.inherit(inherited);
    var keys =
        state.entries().stream()
            .filter(entry -> entry.lease().filter(lease -> !inherited.contains(lease)).isPresent())
            .map(Entry::key)
            .toList();
    if (!keys.isEmpty()) {
      committer.commit(
          draft -> {
            draft.deleteAll(keys);
            return true;
          },
          Leases.WITHIN);
    }
    if (inherited.isEmpty()) return;
    Thread.ofVirtual().name("tenon-metadata-leases").start(() -> endInheritedAfter(within));
  }

  private void endInheritedAfter(Duration within) {
    try {
      if (!closing.await(within.toNanos(), TimeUnit.NANOSECONDS)) endInherited();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void endInherited() {
    leases.endInherited();
    try {
      sweep(Leases.WITHIN);
    } catch (StoreException e) {
      // The next batch takes them away; after a close, the next store.
      log.debug("Keys of leases of an earlier store in {} are there still: {}", place, e.why());
    }
  }

  @Override
  public Optional<Entry> get(Key key, Duration within) throws StoreException {
    lock.lock();
    try {
      mustBeReadable();
      return state.get(key);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Listing list(Prefix prefix, Duration within) throws StoreException {
    lock.lock();
    try {
      mustBeReadable();
      return state.list(prefix);
    } finally {
      lock.unlock();
    }
  }

  private void mustBeReadable() throws StoreUnavailableException {
    if (closed) throw new StoreUnavailableException("It is closed.", "");
    if (!problem.isEmpty()) throw new StoreUnavailableException(problem, REMEDY);
  }

  @Override
  public Version commit(Transaction transaction, Duration within) throws StoreException {
    return committer.commit(draft -> draft.add(transaction), within);
  }

  @Override
  public Watch watch(Prefix prefix, Watch.Listener listener) {
    lock.lock();
    try {
      return watches.add(prefix, state.list(prefix), listener, this::forget);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Watch watch(Prefix prefix, Version after, Watch.Listener listener) {
    lock.lock();
    try {
      return watches.add(prefix, after, state.version(), listener, this::forget);
    } finally {
      lock.unlock();
    }
  }

  private void forget(Watches.Open watch) {
    lock.lock();
    try {
      watches.remove(watch);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Lease grant(Duration timeToLive, Lease.Listener listener, Duration within)
      throws StoreException {
    return committer.commit(_ -> leases.grant(timeToLive, listener), within);
  }

  @Override
  public Lease adopt(LeaseId id, Duration timeToLive, Lease.Listener listener, Duration within)
      throws StoreException {
    return committer.commit(_ -> leases.adopt(id, timeToLive, listener), within);
  }

  /** A batch of its own takes the keys of ended leases away. */
  private void sweep(Duration within) throws StoreException {
    committer.commit(_ -> true, within);
  }

  private static void deleteKeysOf(LeaseId lease, Draft draft) {
    var keys = draft.heldBy(lease);
    if (!keys.isEmpty()) draft.deleteAll(keys);
  }

  @Override
  public StoreStatus status() {
    lock.lock();
    try {
      return new StoreStatus(
          "embedded", place, problem, since, state.version(), watches.count(), leases.count());
    } finally {
      lock.unlock();
    }
  }

  private void become(String nowProblem) {
    if (problem.equals(nowProblem)) return;
    problem = nowProblem;
    since = clock.instant();
    if (problem.isEmpty()) log.info("The metadata store in {} works again", place);
    else log.error("The metadata store in {} does not work: {}", place, problem);
  }

  /** Leases are told as lost; what waits is answered as not done. */
  @Override
  public void close() {
    closing.countDown();
    committer.close();
    var left = leases.all();
    leases.loseAll("The metadata store was closed.", listeners);
    lock.lock();
    try {
      closed = true;
      watches.close();
    } finally {
      lock.unlock();
    }
    try {
      LeaseFile.leave(folder, left);
    } catch (IOException e) {
      log.warn("Leases of the metadata store in {} end with it: {}", place, e.toString());
    }
    try {
      // With a failure before it, or a change still under way, nobody may say that it is whole.
      if (problem.isEmpty() && committer.hasEnded()) journal.end(state);
      journal.close();
    } catch (IOException e) {
      log.warn("The metadata journal in {} was not closed in order: {}", place, e.toString());
    }
  }

  /** Writes batches; on the committer's thread. */
  private final class Batches implements Committer.Target {
    private List<LeaseId> ended = List.of();

    @Override
    public Draft begin() throws StoreException {
      if (!problem.isEmpty()) rewrite();
      var draft = new Draft(state, leases::isHeld);
      ended = leases.ended();
      for (LeaseId lease : ended) deleteKeysOf(lease, draft);
      return draft;
    }

    @Override
    public boolean isUnfinished() {
      return !problem.isEmpty() || leases.hasEnded();
    }

    /** The way out of every failure: a file that holds what was answered, and nothing else. */
    private void rewrite() throws StoreUnavailableException {
      try {
        journal.rewrite(state);
      } catch (IOException e) {
        show("The journal cannot be written: " + e.getMessage() + ".");
        throw new StoreUnavailableException(problem, REMEDY);
      }
      show("");
    }

    private void show(String nowProblem) {
      lock.lock();
      try {
        become(nowProblem);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void finish(Draft draft) throws StoreException {
      if (!draft.transactions().isEmpty()) makeDurable(draft);
      leases.forget(ended);
    }

    private void makeDurable(Draft draft) throws StoreException {
      try {
        journal.append(draft.transactions());
      } catch (IOException e) {
        failed(e);
      }
      lock.lock();
      try {
        draft.publish();
        watches.tell(draft.transactions());
      } finally {
        lock.unlock();
      }
    }

    private void failed(IOException e) throws StoreException {
      String why = "The journal cannot be written: " + e.getMessage() + ".";
      show(why);
      try {
        rewrite();
      } catch (StoreUnavailableException still) {
        throw new OutcomeUnknownException(still.why());
      }
      throw new StoreUnavailableException(why, REMEDY);
    }

    @Override
    public void tidy() {
      if (!problem.isEmpty() || !journal.isLong()) return;
      try {
        journal.rewrite(state);
      } catch (IOException e) {
        show("The journal cannot be rewritten: " + e.getMessage() + ".");
      }
    }
  }
}
