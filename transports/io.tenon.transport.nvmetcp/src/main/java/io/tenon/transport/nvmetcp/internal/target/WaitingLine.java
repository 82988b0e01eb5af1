package io.tenon.transport.nvmetcp.internal.target;

import org.jspecify.annotations.Nullable;

/** Commands of one connection that wait, first come, first served. A command stands in one line at most. One thread. */
final class WaitingLine {
  private @Nullable TargetCommand first;
  private @Nullable TargetCommand last;

  boolean isEmpty() {
    return first == null;
  }

  void add(TargetCommand command) {
    TargetCommand before = last;
    if (before == null) first = command;
    else before.nextWaiting = command;
    last = command;
  }

  @Nullable TargetCommand first() {
    return first;
  }

  /** The first one goes; there is one. */
  void removeFirst(TargetCommand command) {
    first = command.nextWaiting;
    command.nextWaiting = null;
    if (first == null) last = null;
  }

  void clear() {
    for (TargetCommand each = first; each != null; each = first) removeFirst(each);
    last = null;
  }
}
