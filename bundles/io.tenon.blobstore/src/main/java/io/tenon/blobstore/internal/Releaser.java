package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.block.IoStatus;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes back the clusters of unmaps that wait: of all reactors and blobs together, some at a time. Between two parts, and between parts
 * of their clearing, others have their turn.
 */
final class Releaser {
  private static final Logger log = LoggerFactory.getLogger(Releaser.class);

  /** So many unmaps' lists of clusters and roots fit a journal record. */
  private static final int MOST_AT_ONCE = 6;

  private final OpenStore store;
  private final Turn turn;
  private final Blocking blocking;
  private final Queue<BlobIo> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean working = new AtomicBoolean();
  private final Runnable work = this::work;

  Releaser(OpenStore store, Turn turn, Blocking blocking) {
    this.store = store;
    this.turn = turn;
    this.blocking = blocking;
  }

  /** From any reactor. */
  void request(BlobIo io) {
    waiting.add(io);
    wake();
  }

  private void wake() {
    if (working.compareAndSet(false, true)) blocking.execute(work);
  }

  private void work() {
    try {
      boolean cleared = false;
      while (!waiting.isEmpty() || !cleared) cleared = waiting.isEmpty() ? clearSome() : oneBatch();
    } finally {
      working.set(false);
      if (!waiting.isEmpty()) wake();
    }
  }

  /**
   * @return false: there is something to be cleared
   */
  private boolean oneBatch() {
    var batch = new ArrayDeque<BlobIo>();
    while (batch.size() < MOST_AT_ONCE) {
      var io = waiting.poll();
      if (io == null) break;
      batch.add(io);
    }
    var status = IoStatus.IO_ERROR;
    try {
      turn.take(
          () -> {
            var release = new Release(store);
            for (BlobIo io : batch) {
              release.add(io.blob(), io.wantedCluster(), io.clustersToRelease());
            }
            release.commit();
            return true;
          });
      status = IoStatus.SUCCESS;
    } catch (BlobstoreException e) {
      log.warn("unmapped clusters are not given back: {}", e.getMessage());
    } finally {
      while (!batch.isEmpty()) batch.remove().grant(status);
    }
    return false;
  }

  /**
   * @return true when there is nothing left to do
   */
  private boolean clearSome() {
    try {
      return turn.take(store::clearSome);
    } catch (BlobstoreException e) {
      // The store is of no use any more, which whoever wants something of it is told; these
      // clusters are free at the next load.
      log.warn("unmapped clusters are not cleared: {}", e.getMessage());
      return true;
    }
  }
}
