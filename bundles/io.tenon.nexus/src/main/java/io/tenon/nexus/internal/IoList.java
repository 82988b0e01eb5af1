package io.tenon.nexus.internal;

import io.tenon.error.Check;
import org.jspecify.annotations.Nullable;

/** I/Os that wait, first come, first served; linked through themselves. */
final class IoList {
  private @Nullable NexusIo first;
  private @Nullable NexusIo last;
  private int size;

  boolean isEmpty() {
    return first == null;
  }

  int size() {
    return size;
  }

  void add(NexusIo io) {
    var tail = last;
    if (tail == null) first = io;
    else tail.next = io;
    last = io;
    size++;
  }

  NexusIo remove() {
    var head = first;
    if (head == null) throw Check.bug("nothing waits");
    first = head.next;
    head.next = null;
    if (first == null) last = null;
    size--;
    return head;
  }

  /** Gives each that waits now one more try; who must wait again queues up at the end. */
  void resumeAll() {
    for (int left = size; left > 0; left--) remove().resume();
  }
}
