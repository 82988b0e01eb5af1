package io.tenon.pool.internal;

import io.tenon.reactor.Reactor;
import java.util.concurrent.CompletableFuture;

/** Waits for things, not for ever, by a reactor's time: on the simulator that is what makes time pass. */
final class Patience {
  private Patience() {}

  /**
   * @return whether it is done, however it ended; false when the time was up
   */
  static boolean sees(CompletableFuture<?> what, long patienceNs, Reactor reactor) {
    if (what.isDone()) return true;
    var over = new CompletableFuture<Boolean>();
    var _ = what.whenComplete((_, _) -> over.complete(true));
    reactor.execute(
        () -> {
          var timer = reactor.schedule(patienceNs, () -> over.complete(false));
          var _ = over.thenRun(() -> reactor.execute(timer::cancel));
        });
    return over.join();
  }
}
