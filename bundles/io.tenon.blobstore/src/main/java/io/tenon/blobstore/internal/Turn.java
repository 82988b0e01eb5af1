package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.error.Check;
import java.util.concurrent.locks.ReentrantLock;

/** One metadata operation of a store at a time; the others wait. */
final class Turn {
  private final ReentrantLock lock = new ReentrantLock(true);

  /** Something that is done when it is its turn. */
  interface Task<T> {
    T run() throws BlobstoreException;
  }

  <T> T take(Task<T> task) throws BlobstoreException {
    Check.that(!lock.isHeldByCurrentThread(), "a metadata operation began another");
    lock.lock();
    try {
      return task.run();
    } finally {
      lock.unlock();
    }
  }
}
