package io.tenon.blobstore.internal;

import io.tenon.error.Check;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Metadata work on virtual threads, which wait by not being run. An ended one keeps nothing of it: the framework's class loaders hold
 * on to threads that once have loaded a class, and would hold on to this bundle. A FutureTask lets go of what it has run.
 */
final class BlockingThreads implements Blocking {
  private static final Logger log = LoggerFactory.getLogger(BlockingThreads.class);

  private final ThreadFactory threads;

  BlockingThreads(ThreadFactory threads) {
    this.threads = threads;
  }

  @Override
  public void execute(Runnable task) {
    threads.newThread(new FutureTask<>(() -> run(task), true)).start();
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      log.error("metadata work ended by a bug", e);
      throw e;
    }
  }

  @Override
  public void await(CompletableFuture<?> done) {
    boolean waited = done.handle((_, _) -> true).join();
    Check.that(waited, "nothing was waited for");
  }
}
