package io.tenon.nexus.internal;

import io.tenon.error.Check;
import org.jspecify.annotations.Nullable;

/** Those that wait, first come, first served; linked through themselves. */
final class WaitList {
  private @Nullable Waiter first;
  private @Nullable Waiter last;
  private int size;

  boolean isEmpty() {
    return first == null;
  }

  void add(Waiter waiter) {
    var tail = last;
    if (tail == null) first = waiter;
    else tail.next = waiter;
    last = waiter;
    size++;
  }

  private Waiter remove() {
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
