package io.tenon.metadata.testing;

import io.tenon.metadata.MetadataStore;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A store under test with its surroundings: an implementation says how to get at it, and what time and threads are there. */
public interface StoreBench extends AutoCloseable {
  /** The store; the same one until {@link #restart}. It is empty at first. */
  MetadataStore store();

  /** A second client of what the store keeps; the same one where there can be only one. */
  MetadataStore other();

  /** Ends whatever keeps the data, without warning, and has it come back; {@link #store} may be another one then. */
  void restart() throws Exception;

  /** Starts what may block. */
  default void start(Runnable task) {
    Thread.ofVirtual().name("contract").start(task);
  }

  /** Waits for something that must come. */
  default <T> T await(CompletableFuture<T> coming) throws Exception {
    try {
      return coming.get(2, TimeUnit.MINUTES);
    } catch (TimeoutException e) {
      throw new AssertionError("what was waited for did not come within two minutes", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) throw cause;
      throw new AssertionError(e.getCause());
    }
  }

  /** Lets time pass: for what happens because nothing else does. */
  default void pass(Duration time) throws Exception {
    Thread.sleep(time);
  }

  @Override
  void close() throws Exception;
}
