package io.tenon.block;

import org.jspecify.annotations.Nullable;

/** Requests in the order of their coming, linked through themselves. */
final class RequestQueue {
  private @Nullable IoRequest first;
  private @Nullable IoRequest last;
  private int size;

  boolean isEmpty() {
    return first == null;
  }

  int size() {
    return size;
  }

  void add(IoRequest request) {
    request.nextParked = null;
    var behind = last;
    if (behind == null) first = request;
    else behind.nextParked = request;
    last = request;
    size++;
  }

  @Nullable IoRequest poll() {
    var head = first;
    if (head == null) return null;
    first = head.nextParked;
    if (first == null) last = null;
    head.nextParked = null;
    size--;
    return head;
  }

  /** The first; the others follow by {@link IoRequest#nextParked}. Leaves the queue empty. */
  @Nullable IoRequest takeAll() {
    var head = first;
    first = null;
    last = null;
    size = 0;
    return head;
  }
}
