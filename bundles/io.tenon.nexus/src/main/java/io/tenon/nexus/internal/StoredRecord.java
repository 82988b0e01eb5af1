package io.tenon.nexus.internal;

import io.tenon.error.Check;
import io.tenon.metadata.ConflictException;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.LeaseLostException;
import io.tenon.metadata.OutcomeUnknownException;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreRefusedException;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Version;
import io.tenon.nexus.RecordInfo;
import io.tenon.reactor.Reactor;
import io.tenon.registry.NexusInfo;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The record of one nexus in the metadata store, as Mayastor keeps it: a {@link NexusInfo} under one key.
 *
 * <p>It is written with the version that was written last, so that there is one writer: who comes with an older version is not the
 * nexus of these children any more, and is told to stop. Writes are made one after the other, each until the store has said yes or the
 * patience is over. One whose outcome is unknown is sent again with the same expected version; then it is either done, or finds itself
 * done before. When it stays unknown the nexus has to stop, for nobody can say what the record holds.
 */
final class StoredRecord implements RetirementRecord {
  private static final Logger log = LoggerFactory.getLogger(StoredRecord.class);

  /**
   * How long one attempt, and all of them for one change, may take, and the pause between them.
   *
   * @param patience Mayastor's is 30 times 10 s and a pause; a write of a host waits as long
   */
  record Limits(Duration attempt, Duration patience, Duration pause) {
    static final Limits USUAL =
        new Limits(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(1));
  }

  /** A change that waits for its turn. */
  private record Pending(
      UnaryOperator<NexusInfo> change, String losesChild, Duration within, Outcome outcome) {}

  private final RecordStore stores;
  private final Key key;
  private final String nexus;
  private final Map<String, String> uuids;
  private final Reactor home;
  private final Executor blocking;
  private final InstantSource clock;
  private final Limits limits;

  /** Guards what follows; never held for I/O. */
  private final Object lock = new Object();

  private final ArrayDeque<Pending> waiting = new ArrayDeque<>();
  private boolean writing;
  private @Nullable String broken;

  // Of the one write under way, or of nobody.
  private volatile NexusInfo info;
  private Version version;
  private Instant giveUpAt = Instant.EPOCH;
  private Duration within = Duration.ZERO;
  private boolean perhapsWritten;

  /** Takes over a record that {@link #begin} has written. */
  private StoredRecord(
      RecordStore stores,
      Key key,
      String nexus,
      NexusInfo info,
      Version version,
      Map<String, String> uuids,
      Place place) {
    this.stores = stores;
    this.key = key;
    this.nexus = nexus;
    this.info = info;
    this.version = version;
    this.uuids = new TreeMap<>(uuids);
    this.home = place.home();
    this.blocking = place.blocking();
    this.clock = place.clock();
    this.limits = place.limits();
  }

  /**
   * Where a record does its work.
   *
   * @param home of the nexus; pauses are taken there
   * @param blocking runs what waits for the store
   */
  record Place(Reactor home, Executor blocking, InstantSource clock, Limits limits) {}

  /**
   * Writes down who is a child and how, before the nexus serves anybody. Blocks.
   *
   * @param info all children with their health, not ended; of a writer that no other nexus has
   * @param uuids of the children, by the URI that the nexus knows them by
   * @param read version of the record from which that was decided; {@link Version#NONE} when there was none
   * @throws ConflictException when another nexus has written since: its children are not ours to use
   * @throws OutcomeUnknownException when it is perhaps written; no harm is done, and the nexus must not be made
   */
  static StoredRecord begin(
      RecordStore stores,
      Key key,
      String nexus,
      NexusInfo info,
      Version read,
      Map<String, String> uuids,
      Place place)
      throws StoreException {
    Check.that(!info.cleanShutdown(), "nexus %s begins with a record that it has ended", nexus);
    var version = stores.current().put(key, info.toJson(), read, place.limits().patience());
    return new StoredRecord(stores, key, nexus, info, version, uuids, place);
  }

  /** Goes on with a record that the nexus before has left. */
  static StoredRecord takeUp(
      RecordStore stores, Key key, String nexus, LeftNexus.Stored left, Place place) {
    var record =
        new StoredRecord(stores, key, nexus, left.info(), left.version(), left.uuids(), place);
    record.broken = left.problem().orElse(null);
    return record;
  }

  @Override
  public Optional<LeftNexus.Stored> left() {
    synchronized (lock) {
      Check.that(waiting.isEmpty(), "nexus %s leaves while something is to be recorded", nexus);
      return Optional.of(
          new LeftNexus.Stored(info, version, new TreeMap<>(uuids), Optional.ofNullable(broken)));
    }
  }

  @Override
  public void childIsOut(String nexusName, String childUri, Outcome outcome) {
    String uuid = uuid(childUri);
    add(new Pending(now -> now.with(uuid, false), uuid, limits.patience(), outcome));
  }

  @Override
  public void childIsIn(String nexusName, String childUri, Outcome outcome) {
    String uuid = uuid(childUri);
    add(new Pending(now -> now.with(uuid, true), "", limits.patience(), outcome));
  }

  @Override
  public void childIsGone(String nexusName, String childUri, Outcome outcome) {
    String uuid = uuid(childUri);
    add(new Pending(now -> now.without(uuid), uuid, limits.patience(), outcome));
  }

  private String uuid(String childUri) {
    synchronized (lock) {
      var uuid = uuids.get(childUri);
      if (uuid == null) throw Check.bug("nexus %s has no child %s on record", nexus, childUri);
      return uuid;
    }
  }

  /** It is not healthy until it is in. */
  @Override
  public void childIsAdded(String nexusName, String childUri, String uuid, Outcome outcome) {
    synchronized (lock) {
      uuids.put(childUri, uuid);
    }
    add(new Pending(now -> now.with(uuid, false), "", limits.patience(), outcome));
  }

  /** Not as patient as others: somebody waits for the end, and what is not written costs a rebuild. */
  @Override
  public void ended(String nexusName, Outcome outcome) {
    add(new Pending(now -> now.ended(true), "", limits.attempt(), outcome));
  }

  /** While it is being written nobody can say. */
  @Override
  public Vigil.Answer isOurs() {
    Version ours;
    synchronized (lock) {
      if (broken != null) return Vigil.Answer.FOLLOWED;
      if (writing) return Vigil.Answer.UNKNOWN;
      ours = version;
    }
    Optional<Entry> found;
    try {
      found = stores.current().get(key, limits.attempt());
    } catch (StoreException e) {
      log.debug("nexus {}: its record cannot be read", nexus, e);
      return Vigil.Answer.UNKNOWN;
    }
    synchronized (lock) {
      if (writing || !version.equals(ours)) return Vigil.Answer.UNKNOWN;
    }
    boolean isOurs = found.isPresent() && found.get().version().equals(ours);
    return isOurs ? Vigil.Answer.OURS : Vigil.Answer.FOLLOWED;
  }

  @Override
  public Optional<RecordInfo> info() {
    String problem;
    synchronized (lock) {
      problem = broken == null ? "" : broken;
    }
    var written = info;
    var healthy = new LinkedHashMap<String, Boolean>();
    for (var child : written.children()) healthy.put(child.uuid(), child.healthy());
    return Optional.of(new RecordInfo(key.text(), healthy, written.cleanShutdown(), problem));
  }

  private void add(Pending change) {
    synchronized (lock) {
      waiting.add(change);
      if (writing) return;
      writing = true;
    }
    start();
  }

  private void start() {
    synchronized (lock) {
      within = waiting.getFirst().within();
    }
    giveUpAt = clock.instant().plus(within);
    perhapsWritten = false;
    run();
  }

  private void run() {
    try {
      blocking.execute(this::write);
    } catch (RejectedExecutionException e) {
      breakDown("the node is stopping");
    }
  }

  private void write() {
    Pending change;
    String why;
    synchronized (lock) {
      change = waiting.getFirst();
      why = broken;
    }
    if (why != null) {
      breakDown(why);
      return;
    }
    if (!change.losesChild().isEmpty() && !info.hasHealthyChildBut(change.losesChild())) {
      breakDown("no child that can be trusted would be left on record");
      return;
    }
    var next = change.change().apply(info);
    if (next.equals(info)) {
      done(next, version);
      return;
    }
    try {
      done(next, stores.current().put(key, next.toJson(), version, limits.attempt()));
    } catch (ConflictException e) {
      foundOther(next, e.found(key).orElse(null));
    } catch (StoreUnavailableException | OutcomeUnknownException e) {
      again(e);
    } catch (StoreRefusedException | LeaseLostException e) {
      breakDown(String.valueOf(e.getMessage()));
    } catch (StoreException e) {
      throw Check.bug("nexus %s: an error of a new kind: %s", nexus, e);
    }
  }

  /** Ours, of an attempt whose outcome was unknown; or somebody else's. */
  private void foundOther(NexusInfo next, @Nullable Entry found) {
    if (perhapsWritten && found != null && found.value().equals(next.toJson())) {
      done(next, found.version());
      return;
    }
    breakDown(
        found == null
            ? "its record was deleted"
            : "another nexus has written its record, at version " + found.version());
  }

  private void again(StoreException problem) {
    perhapsWritten |= !problem.isCertainlyNotDone();
    if (clock.instant().isBefore(giveUpAt)) {
      log.warn("nexus {}: its record is not written yet: {}", nexus, problem.getMessage());
      home.execute(() -> home.schedule(limits.pause().toNanos(), this::run));
      return;
    }
    breakDown(
        "within %d s the store did not say that it was written: %s"
            .formatted(within.toSeconds(), problem.getMessage()));
  }

  private void done(NexusInfo next, Version at) {
    info = next;
    version = at;
    Pending change;
    boolean more;
    synchronized (lock) {
      change = waiting.removeFirst();
      more = !waiting.isEmpty();
      writing = more;
    }
    change.outcome().recorded();
    if (more) start();
  }

  /** From now on nothing can be recorded: what the record holds is not known, or it is not ours. */
  private void breakDown(String why) {
    List<Pending> lost;
    synchronized (lock) {
      if (broken == null) broken = why;
      lost = List.copyOf(waiting);
      waiting.clear();
      writing = false;
    }
    log.error("nexus {}: its record cannot be kept: {}", nexus, why);
    for (Pending change : lost) change.outcome().failed(why);
  }
}
