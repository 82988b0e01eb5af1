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
  private boolean ending;

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

  /** For what a nexus begins by itself: at once, but the end of a nexus is waited for. */
  Executor beside() {
    return task -> {
      if (ending) execute(task);
      else threads.start(task);
    };
  }

  /** A nexus is being destroyed, or has been. */
  void ending(boolean now) {
    ending = now;
  }
}
