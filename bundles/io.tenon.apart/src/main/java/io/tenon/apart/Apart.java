package io.tenon.apart;

import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what may block, each on a thread of its own that keeps nothing of it when it has ended: the framework's class loaders
 * hold on to threads that once have loaded a class, and would hold on to the bundle. A FutureTask lets go of what it has run.
 */
public record Apart(ThreadFactory threads) implements Executor {
  private static final Logger log = LoggerFactory.getLogger(Apart.class);

  @Override
  public void execute(Runnable task) {
    threads.newThread(new FutureTask<>(() -> run(task), true)).start();
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      log.error("{} ended by a bug", Thread.currentThread().getName(), e);
      throw e;
    }
  }
}
