package io.tenon.simulation;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Threads that may block, in virtual time: virtual threads whose scheduler is the world, so that a piece of one is an event like
 * any other. What waits on a future or a monitor waits in the world; real time-outs and sleeps must not be what wakes it.
 *
 * <p>The JDK keeps the choice of a scheduler to itself: tests run with {@code --add-opens java.base/java.lang=ALL-UNNAMED}.
 */
public final class SimThreads {
  private static final long MOST_DELAY_NS = 20_000;

  private final SimWorld world;
  private final @Nullable SimReactors node;
  private final ThreadFactory factory;

  /** Threads of no node. */
  public SimThreads(SimWorld world) {
    this(world, null);
  }

  /** Threads that end where they are when their node crashes. */
  public SimThreads(SimReactors node) {
    this(node.world(), node);
  }

  private SimThreads(SimWorld world, @Nullable SimReactors node) {
    this.world = world;
    this.node = node;
    this.factory = builder(this::schedule).uncaughtExceptionHandler(this::failed).factory();
  }

  private static Thread.Builder.OfVirtual builder(Executor scheduler) {
    try {
      var type = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder");
      var maker = type.getDeclaredConstructor(Executor.class);
      maker.setAccessible(true);
      return (Thread.Builder.OfVirtual) maker.newInstance(scheduler);
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new AssertionError(
          "blocking code cannot be simulated; run with --add-opens java.base/java.lang=ALL-UNNAMED",
          e);
    }
  }

  private void schedule(Runnable piece) {
    world.schedule(1 + world.random().nextLong(MOST_DELAY_NS), () -> runUnlessFrozen(piece));
  }

  private void runUnlessFrozen(Runnable piece) {
    if (node == null) {
      piece.run();
      return;
    }
    if (!node.isUp()) return;
    long stillNs = node.frozenUntilNs() - world.nowNs();
    if (stillNs > 0) world.schedule(stillNs, () -> runUnlessFrozen(piece));
    else piece.run();
  }

  private void failed(Thread thread, Throwable problem) {
    world.schedule(
        0,
        () -> {
          throw new AssertionError(thread.getName() + " failed: " + problem.getMessage(), problem);
        });
  }

  public ThreadFactory factory() {
    return factory;
  }

  /** Starts one. */
  public void start(Runnable task) {
    factory.newThread(task).start();
  }

  /**
   * Runs what may block one after the other: for code that waits while it holds a monitor. Whoever waited for that monitor would be
   * woken by a thread of the real world.
   */
  public Executor oneByOne() {
    var waiting = new ArrayDeque<Runnable>();
    return task -> {
      waiting.add(task);
      if (waiting.size() > 1) return;
      start(
          () -> {
            while (!waiting.isEmpty()) {
              waiting.getFirst().run();
              waiting.removeFirst();
            }
          });
    };
  }

  /** In one of these threads: waits in virtual time. */
  public void sleep(long ms) throws InterruptedException {
    var over = new CompletableFuture<Void>();
    world.schedule(ms * 1_000_000, () -> over.complete(null));
    try {
      over.get();
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
  }
}
