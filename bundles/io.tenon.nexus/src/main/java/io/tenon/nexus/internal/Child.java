package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.error.Check;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.ChildState;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A child of a nexus: what it is, which never changes, and its state, which the nexus' home reactor alone changes. */
final class Child {
  private static final Logger log = LoggerFactory.getLogger(Child.class);

  private final String nexus;
  private final int index;
  private final String uri;
  private final DeviceSlot slot;

  private ChildState state = ChildState.OPENING;
  private ChildReason reason = ChildReason.NONE;
  private String detail = "";
  private @Nullable Instant faultedAt;
  private int drainedLanes;

  Child(String nexus, int index, String uri, DeviceSlot slot) {
    this.nexus = nexus;
    this.index = index;
    this.uri = uri;
    this.slot = slot;
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
    return !uri.startsWith("nvmf");
  }

  boolean isHealthy() {
    return state == ChildState.OPEN;
  }

  ChildState state() {
    return state;
  }

  ChildInfo info() {
    return new ChildInfo(
        uri, state, reason, Optional.of(slot.name()), detail, Optional.ofNullable(faultedAt));
  }

  static boolean isLegal(ChildState from, ChildState to) {
    return switch (from) {
      case OPENING -> to != ChildState.OPENING;
      case OPEN -> to == ChildState.FAULTED || to == ChildState.CLOSED;
      case FAULTED -> to == ChildState.CLOSED;
      case CLOSED -> false;
    };
  }

  void open() {
    become(ChildState.OPEN, "the nexus was made");
  }

  void fault(ChildReason why, String what, Instant when) {
    become(ChildState.FAULTED, why + ": " + what);
    reason = why;
    detail = what;
    faultedAt = when;
  }

  /** It failed and was kept, and works again. */
  void keepServing() {
    detail = "";
    log.info("nexus {}: child {} serves again", nexus, uri);
  }

  /** It failed, but it is the last healthy one: it stays, and says what is wrong. */
  void keepFailing(String what) {
    detail = "Kept because it is the last healthy child: " + what;
    log.warn("nexus {}: child {} stays {}: {}", nexus, uri, state, detail);
  }

  void close(String why) {
    if (state != ChildState.CLOSED) become(ChildState.CLOSED, why);
  }

  /**
   * One lane more has no channel to it.
   *
   * @return whether that was the last
   */
  boolean drainedBy(int lanes) {
    return ++drainedLanes == lanes;
  }

  private void become(ChildState next, String why) {
    Check.that(
        isLegal(state, next), "nexus %s: child %s: %s -> %s (%s)", nexus, uri, state, next, why);
    log.info("nexus {}: child {}: {} -> {} because {}", nexus, uri, state, next, why);
    state = next;
  }
}
