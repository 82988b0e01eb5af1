package io.tenon.reactor.internal;

import io.tenon.reactor.Reactor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What is due when: a binary heap of timers, which know their place so that cancelling is cheap. One thread. */
final class Timers {
  private static final int NOT_WAITING = -1;

  private @Nullable Entry[] heap = new Entry[64];
  private int size;
  private long sequence;

  /** A timer; equal times run in the order of their making. */
  private final class Entry implements Reactor.Timer {
    private final long atNs;
    private final long order;
    private final Runnable task;
    private int place = NOT_WAITING;

    Entry(long atNs, Runnable task) {
      this.atNs = atNs;
      this.order = sequence++;
      this.task = task;
    }

    boolean isBefore(Entry other) {
      return atNs != other.atNs ? atNs - other.atNs < 0 : order < other.order;
    }

    @Override
    public void cancel() {
      if (place != NOT_WAITING) remove(place);
    }
  }

  Reactor.Timer add(long atNs, Runnable task) {
    var entry = new Entry(atNs, task);
    if (size == heap.length) heap = Arrays.copyOf(heap, size * 2);
    siftUp(size++, entry);
    return entry;
  }

  /**
   * @return nanoseconds until the next timer, 0 when it is due, -1 when there is none
   */
  long nextInNs(long nowNs) {
    return size == 0 ? -1 : Math.max(0, at(0).atNs - nowNs);
  }

  /** Takes the next task that is due. */
  @Nullable Runnable pollDue(long nowNs) {
    if (size == 0) return null;
    Entry first = at(0);
    if (first.atNs - nowNs > 0) return null;
    remove(0);
    return first.task;
  }

  private Entry at(int place) {
    Entry entry = heap[place];
    if (entry == null) throw new IllegalStateException("no timer at " + place);
    return entry;
  }

  private void remove(int place) {
    at(place).place = NOT_WAITING;
    Entry last = at(--size);
    heap[size] = null;
    if (place == size) return;
    siftDown(place, last);
    if (last.place == place) siftUp(place, last);
  }

  private void siftUp(int from, Entry entry) {
    int place = from;
    while (place > 0) {
      int parent = (place - 1) >>> 1;
      if (!entry.isBefore(at(parent))) break;
      put(place, at(parent));
      place = parent;
    }
    put(place, entry);
  }

  private void siftDown(int from, Entry entry) {
    int place = from;
    while (true) {
      int child = 2 * place + 1;
      if (child >= size) break;
      if (child + 1 < size && at(child + 1).isBefore(at(child))) child++;
      if (!at(child).isBefore(entry)) break;
      put(place, at(child));
      place = child;
    }
    put(place, entry);
  }

  private void put(int place, Entry entry) {
    heap[place] = entry;
    entry.place = place;
  }
}
