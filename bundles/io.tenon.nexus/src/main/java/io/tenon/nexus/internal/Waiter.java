package io.tenon.nexus.internal;

import org.jspecify.annotations.Nullable;

/** Something that a lane has put aside until it can go on: a host's I/O, or a rebuild's copy. */
abstract class Waiter {
  /** Behind this one in the one {@link WaitList} where it is. */
  @Nullable Waiter next;

  /** What it has waited for may have come. */
  abstract void resume();
}
