package io.tenon.nexus.internal;

import io.tenon.reactor.Reactor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * How callers wait for what happens on reactors: by a reactor's clock, so that a nexus whose time is simulated waits in that time. Any
 * thread that may block.
 */
final class Wait {
  /** By the machine's clock, for a reactor that stands still and so measures nothing. */
  private static final long SURELY_OVER_S = 30;

  private Wait() {}

  /**
   * @param reactor by whose clock
   * @throws TimeoutException when it takes longer; it goes on then
   */
  static <T> T on(CompletableFuture<T> what, Reactor reactor, long seconds)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (what.isDone()) return what.get();
    var over = new CompletableFuture<Void>();
    reactor.execute(
        () -> {
          var timer =
              reactor.schedule(TimeUnit.SECONDS.toNanos(seconds), () -> over.complete(null));
          var _ = what.whenComplete((_, _) -> reactor.execute(timer::cancel));
        });
    CompletableFuture.anyOf(what, over).get(seconds + SURELY_OVER_S, TimeUnit.SECONDS);
    if (!what.isDone()) throw new TimeoutException("no answer in " + seconds + " s");
    return what.get();
  }
}
