package io.tenon.nvme;

import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * How long a host's connection was without a transport: from the moment when its transport took nothing more from it until another
 * one went on with it, or until it ended. Any thread; holds nothing of the connection.
 */
public final class ConnectionPause {
  /** What has become of it. */
  public enum State {
    /** No transport has it yet. */
    WAITING,
    /** A transport went on with it. */
    OVER,
    /** It was broken while it waited. */
    BROKEN
  }

  private final InetSocketAddress peer;
  private final long sinceNs;

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
    tookNs = nowNs - sinceNs;
    state = how;
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
