package io.tenon.blobstore.internal;

import java.util.concurrent.CompletableFuture;

/** How metadata work runs and waits. */
interface Blocking {
  /** Runs the task soon, where it may wait. */
  void execute(Runnable task);

  /** Returns when the future is done, however it ended. */
  void await(CompletableFuture<?> done);
}
