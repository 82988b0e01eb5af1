package io.tenon.reactor.internal;

/** Something with a descriptor that the loop's epoll watches. */
abstract class Registration {
  /** Place in the loop's table; the loop's. */
  int place;

  /** Called with the events that epoll reported. @return how much was done */
  abstract int ready(int events);

  /** For the log, when {@link #ready} threw. */
  abstract void failed(Throwable bug);

  /** The loop will not run any more: what belongs to the loop is closed, and its user told. */
  abstract void loopEnds();
}
