package io.tenon.blobstore.internal;

import io.tenon.error.Check;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;

/** Metadata work on virtual threads, which wait by not being run. */
final class BlockingThreads implements Blocking {
  private final ThreadFactory threads;

  BlockingThreads(ThreadFactory threads) {
    this.threads = threads;
  }

  @Override
  public void execute(Runnable task) {
    threads.newThread(task).start();
  }

  @Override
  public void await(CompletableFuture<?> done) {
    boolean waited = done.handle((_, _) -> true).join();
    Check.that(waited, "nothing was waited for");
  }
}
