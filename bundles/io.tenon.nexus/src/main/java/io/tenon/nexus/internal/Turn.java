package io.tenon.nexus.internal;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Whose turn it is to do something to a nexus. He may wait for its I/O meanwhile, so this is not a monitor: of who waits for one of those, a simulated
 * world sees nothing.
 */
final class Turn {
  private final ReentrantLock lock = new ReentrantLock();
  private final Taken taken = lock::unlock;

  /** Until it is closed, by the thread that took it. */
  interface Taken extends AutoCloseable {
    @Override
    void close();
  }

  /** Waits for it; once more for who has it already. Any thread but a reactor's. */
  Taken take() {
    lock.lock();
    return taken;
  }
}
