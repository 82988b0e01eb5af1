package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.error.Check;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.ChildState;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A child of a nexus: what it is, and its state, which the nexus' home reactor alone changes. Its device is another one when it comes
 * back after a fault; so are the stints that lanes and listeners know of.
 */
final class Child {
  private static final Logger log = LoggerFactory.getLogger(Child.class);

  private final String nexus;
  private final int index;
  private final String uri;

  /** Changes only while no lane has a channel to it. */
  private volatile DeviceSlot slot;

  private ChildState state = ChildState.OPENING;
  private ChildReason reason = ChildReason.NONE;
  private String detail = "";
  private Instant since = Instant.EPOCH;
  private boolean hasLog;
  private boolean permanent;
  private @Nullable Instant faultedAt;
  private int drainedLanes;

  /** Disturbances of its device that were heard of. */
  private long heard;

  private @Nullable ChildListener listener;

  Child(String nexus, int index, String uri, DeviceSlot slot) {
    this.nexus = nexus;
    this.index = index;
    this.uri = uri;
    this.slot = slot;
  }

  /**
   * As the nexus before has left it.
   *
   * @param lanes of the nexus; none has a channel to one that is out
   */
  static Child of(String nexus, LeftChild left, int lanes) {
    var child = new Child(nexus, left.index(), left.uri(), left.slot());
    var was = left.standing();
    child.state = was.state();
    child.reason = was.reason();
    child.detail = was.detail();
    child.since = was.since();
    child.hasLog = was.hasLog();
    child.permanent = was.permanent();
    child.faultedAt = was.faultedAt().orElse(null);
    child.drainedLanes = left.takesChanges() ? 0 : lanes;
    child.heard = left.disturbances();
    return child;
  }

  /** For a successor; what is not known here is not in it. */
  LeftChild left(Optional<SegmentMap> lacks, Optional<LeftRebuild> rebuild) {
    return new LeftChild(
        index,
        uri,
        slot,
        new LeftChild.Standing(
            state,
            reason,
            detail,
            since,
            permanent,
            hasLog && lacks.isPresent(),
            Optional.ofNullable(faultedAt)),
        heard,
        lacks,
        rebuild,
        Optional.empty(),
        LeftChild.Held.NOT,
        Optional.empty());
  }

  int index() {
    return index;
  }

  long bit() {
    return 1L << index;
  }

  String uri() {
    return uri;
  }

  DeviceSlot slot() {
    return slot;
  }

  /** Its device is on this node. */
  boolean isLocal() {
    return isLocal(uri);
  }

  static boolean isLocal(String uri) {
    return !uri.startsWith("nvmf");
  }

  /** By which it is known on record. */
  String recordUuid() {
    return Trust.uuid(uri, slot);
  }

  boolean isHealthy() {
    return state == ChildState.OPEN;
  }

  /** Every change goes to it. */
  boolean takesChanges() {
    return state == ChildState.OPEN || state == ChildState.OUT_OF_SYNC;
  }

  /** The lanes know what it misses. */
  boolean hasLog() {
    return hasLog;
  }

  /** It was taken out for good. */
  boolean isPermanent() {
    return permanent;
  }

  ChildState state() {
    return state;
  }

  ChildReason reason() {
    return reason;
  }

  String detail() {
    return detail;
  }

  ChildInfo info() {
    return new ChildInfo(
        uri,
        state,
        reason,
        Optional.of(slot.name()),
        detail,
        since,
        waitsFor(),
        hasLog,
        !permanent,
        Optional.ofNullable(faultedAt));
  }

  private String waitsFor() {
    return switch (state) {
      case OPENING, OPEN -> "";
      case OUT_OF_SYNC -> "a rebuild to complete it";
      case FAULTED ->
          permanent
              ? "somebody to remove it; it was taken out for good"
              : "somebody to bring it online again, or to remove it";
      case CLOSED -> "a new nexus";
    };
  }

  static boolean isLegal(ChildState from, ChildState to) {
    return switch (from) {
      case OPENING -> to != ChildState.OPENING;
      case OPEN -> to == ChildState.FAULTED || to == ChildState.CLOSED;
      case OUT_OF_SYNC ->
          to == ChildState.OPEN || to == ChildState.FAULTED || to == ChildState.CLOSED;
      case FAULTED -> to == ChildState.OUT_OF_SYNC || to == ChildState.CLOSED;
      case CLOSED -> false;
    };
  }

  void open(Instant when) {
    become(ChildState.OPEN, "the nexus was made", when);
  }

  /** It is being let in; it may lack anything, or what the log says. */
  void outOfSync(DeviceSlot now, String what, Instant when) {
    slot = now;
    drainedLanes = 0;
    become(ChildState.OUT_OF_SYNC, what, when);
    reason = ChildReason.OUT_OF_SYNC;
    detail = what;
  }

  /** A rebuild has completed it. */
  void complete(Instant when) {
    become(ChildState.OPEN, "it was rebuilt", when);
    reason = ChildReason.NONE;
    detail = "";
    hasLog = false;
    faultedAt = null;
  }

  void fault(ChildReason why, String what, Instant when) {
    // One that fails while it is rebuilt has the log that it had, or none.
    hasLog |= state == ChildState.OPEN;
    become(ChildState.FAULTED, why + ": " + what, when);
    reason = why;
    detail = what;
    faultedAt = when;
  }

  /** The lanes have forgotten what it misses. */
  void logIsGone() {
    hasLog = false;
  }

  /** It will not be brought online again. */
  void isOutForGood() {
    permanent = true;
    hasLog = false;
  }

  /** It failed and was kept, and works again. */
  void keepServing() {
    detail = "";
    reason = ChildReason.NONE;
    log.info("nexus {}: child {} serves again", nexus, uri);
  }

  /** It failed, but it is the last healthy one: it stays, and says what is wrong. */
  void keepFailing(String what) {
    detail = "Kept because it is the last healthy child: " + what;
    log.warn("nexus {}: child {} stays {}: {}", nexus, uri, state, detail);
  }

  void close(String why, Instant when) {
    if (state != ChildState.CLOSED) become(ChildState.CLOSED, why, when);
  }

  // ---- its device

  /** From now on the device's news reach the membership. */
  void listen(Membership membership) {
    heard = slot.disturbances();
    var made = new ChildListener(membership, this, slot);
    listener = made;
    slot.addListener(made);
  }

  /** What nobody heard, because it was before somebody listened. */
  void tellIfLost() {
    var now = slot.status();
    var told = listener;
    if (now.state() == SlotState.FAILED && told != null) told.lost(now.reason());
  }

  /**
   * As {@link #listen}, of a device that was left for a while.
   *
   * @return false when something has happened that nobody heard
   */
  boolean listenAgain(Membership membership) {
    long before = heard;
    listen(membership);
    return slot.disturbances() == before && slot.state() != SlotState.FAILED;
  }

  /** Of one disturbance more. */
  void hears() {
    heard++;
  }

  /** No lane has a channel to it. */
  boolean isDrained(int lanes) {
    return drainedLanes >= lanes;
  }

  /** Idempotent. */
  void stopListening() {
    var made = listener;
    if (made != null) slot.removeListener(made);
    listener = null;
  }

  /**
   * One lane more has no channel to it.
   *
   * @return whether that was the last
   */
  boolean drainedBy(int lanes) {
    return ++drainedLanes == lanes;
  }

  private void become(ChildState next, String why, Instant when) {
    Check.that(
        isLegal(state, next), "nexus %s: child %s: %s -> %s (%s)", nexus, uri, state, next, why);
    log.info("nexus {}: child {}: {} -> {} because {}", nexus, uri, state, next, why);
    state = next;
    since = when;
  }
}
