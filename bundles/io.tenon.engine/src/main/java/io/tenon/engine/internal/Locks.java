package io.tenon.engine.internal;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One change at a time per nexus. A caller waits no longer than its deadline, or the default of the node when it sets none.
 */
final class Locks {
  /** Held until closed. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  /** A lock and how many calls want or hold it. */
  private static final class Entry {
    final ReentrantLock lock = new ReentrantLock();
    int users;
  }

  private final Map<UUID, Entry> entries = new HashMap<>();
  private final long defaultDeadlineMs;

  Locks(long defaultDeadlineMs) {
    this.defaultDeadlineMs = defaultDeadlineMs;
  }

  /**
   * @throws StatusException DEADLINE_EXCEEDED when another call keeps it for too long, CANCELLED when the caller has gone
   *     meanwhile
   */
  Held lock(UUID key) throws StatusException {
    var entry = enter(key);
    try {
      if (entry.lock.tryLock(remainingMs(), TimeUnit.MILLISECONDS)) {
        if (!Context.current().isCancelled()) return () -> release(key, entry);
        release(key, entry);
        throw givenUp();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      leave(key, entry);
      throw givenUp();
    }
    leave(key, entry);
    throw Status.DEADLINE_EXCEEDED
        .withDescription(
            "Nothing was changed: another call works on %s. Try again when it has ended."
                .formatted(key))
        .asException();
  }

  private void release(UUID key, Entry entry) {
    entry.lock.unlock();
    leave(key, entry);
  }

  private static StatusException givenUp() {
    return Status.CANCELLED
        .withDescription("Nothing was changed: the caller gave the call up.")
        .asException();
  }

  private long remainingMs() {
    var deadline = Context.current().getDeadline();
    return deadline == null ? defaultDeadlineMs : deadline.timeRemaining(TimeUnit.MILLISECONDS);
  }

  private synchronized Entry enter(UUID key) {
    var entry = entries.computeIfAbsent(key, _ -> new Entry());
    entry.users++;
    return entry;
  }

  private synchronized void leave(UUID key, Entry entry) {
    if (--entry.users == 0) entries.remove(key);
  }
}
