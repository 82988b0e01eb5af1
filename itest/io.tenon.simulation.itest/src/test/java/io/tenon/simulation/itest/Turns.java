package io.tenon.simulation.itest;

import io.tenon.simulation.SimThreads;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/**
 * What callers ask of a nexus, one after the other: it holds a monitor while it waits, and nobody else gets that monitor while the world goes on.
 */
final class Turns implements Executor {
  private final SimThreads threads;
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();

  Turns(SimThreads threads) {
    this.threads = threads;
  }

  @Override
  public void execute(Runnable task) {
    waiting.add(task);
    if (waiting.size() > 1) return;
    threads.start(
        () -> {
          while (!waiting.isEmpty()) {
            waiting.getFirst().run();
            waiting.removeFirst();
          }
        });
  }

  /**
   * For what a nexus begins by itself: at once; but to stand still after it has stopped, or was closed, it takes the monitor, so that waits for its
   * turn.
   */
  Executor beside() {
    return task -> {
      if (isAfterItsEnd()) execute(task);
      else threads.start(task);
    };
  }

  private static boolean isAfterItsEnd() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames.anyMatch(
                    frame ->
                        frame.getClassName().endsWith(".ServedNexus$Watcher")
                            && !frame.getMethodName().equals("childIsIdle")
                            && !frame.getMethodName().equals("later")));
  }
}
