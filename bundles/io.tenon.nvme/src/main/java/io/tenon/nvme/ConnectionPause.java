package io.tenon.nvme;

import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * How long a host's connection was without a transport: from the moment when its transport took nothing more from it until another
 * one went on with it and took what waited, or until it ended. Any thread; holds nothing of the connection.
 */
public final class ConnectionPause {
  /** What has become of it. */
  public enum State {
    /** No transport has it yet, or the one that has it leaves unread what the host has sent. */
    WAITING,
    /** A transport went on with it. */
    OVER,
    /** It was broken while it waited. */
    BROKEN
  }

  private final InetSocketAddress peer;

  /** The connection's reactor only. */
  private long sinceNs;

  /** Written by the connection's reactor. */
  private volatile long tookNs;

  private volatile State state = State.WAITING;

  /**
   * @param sinceNs by the clock of the connection's reactor
   */
  ConnectionPause(InetSocketAddress peer, long sinceNs) {
    this.peer = peer;
    this.sinceNs = sinceNs;
  }

  void end(State how, long nowNs) {
    long beforeNs = tookNs;
    if (state == State.WAITING) tookNs = beforeNs + nowNs - sinceNs;
    state = how;
  }

  /** It was over too early: the host has sent something since, and that is not taken. */
  void goesOn(long nowNs) {
    sinceNs = nowNs;
    state = State.WAITING;
  }

  public InetSocketAddress peer() {
    return peer;
  }

  public State state() {
    return state;
  }

  /** Zero while it waits. */
  public Duration took() {
    return state == State.WAITING ? Duration.ZERO : Duration.ofNanos(tookNs);
  }
}
