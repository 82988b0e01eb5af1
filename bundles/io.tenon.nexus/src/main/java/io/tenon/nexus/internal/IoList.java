package io.tenon.nexus.internal;

import io.tenon.error.Check;
import org.jspecify.annotations.Nullable;

/** I/Os that are free or want something, first come, first served; linked through themselves. */
final class IoList {
  private @Nullable NexusIo first;
  private @Nullable NexusIo last;

  boolean isEmpty() {
    return first == null;
  }

  void add(NexusIo io) {
    var tail = last;
    if (tail == null) first = io;
    else tail.nextIo = io;
    last = io;
  }

  NexusIo remove() {
    var head = first;
    if (head == null) throw Check.bug("nothing waits");
    first = head.nextIo;
    head.nextIo = null;
    if (first == null) last = null;
    return head;
  }
}
