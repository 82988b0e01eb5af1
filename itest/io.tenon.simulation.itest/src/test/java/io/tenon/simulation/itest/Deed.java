package io.tenon.simulation.itest;

import io.tenon.error.TenonException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** What a thread of a simulated node does; a refusal fails the run. */
interface Deed {
  void run() throws TenonException, InterruptedException;

  /**
   * Has a thread do it, as the world goes on.
   *
   * @return whether it is done
   */
  static BooleanSupplier begin(Executor threads, Deed deed) {
    var done = new AtomicBoolean();
    threads.execute(
        () -> {
          try {
            deed.run();
          } catch (TenonException | InterruptedException e) {
            throw new AssertionError(e.getMessage(), e);
          }
          done.set(true);
        });
    return done::get;
  }
}
