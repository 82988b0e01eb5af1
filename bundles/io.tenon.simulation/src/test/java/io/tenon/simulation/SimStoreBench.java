package io.tenon.simulation;

import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.testing.OutageBench;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Two clients of one simulated store. */
final class SimStoreBench implements OutageBench {
  private static final long LONG_NS = 1_000_000_000_000L;

  private final SimStore store;
  private final SimThreads threads;
  private final SimStoreClient first;
  private final SimStoreClient second;

  SimStoreBench(SimWorld world) {
    this.store = new SimStore(world);
    this.threads = new SimThreads(world);
    this.first = store.client();
    this.second = store.client();
  }

  SimStore server() {
    return store;
  }

  @Override
  public MetadataStore store() {
    return first;
  }

  @Override
  public MetadataStore other() {
    return second;
  }

  @Override
  public void kill() {
    store.crash();
  }

  @Override
  public void revive() {
    store.restart();
  }

  @Override
  public void freeze() {
    store.freeze(LONG_NS);
  }

  @Override
  public void thaw() {
    store.thaw();
  }

  @Override
  public void start(Runnable task) {
    threads.start(task);
  }

  @Override
  public <T> T await(CompletableFuture<T> coming) throws Exception {
    try {
      return coming.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) throw cause;
      throw new AssertionError(e.getCause());
    }
  }

  @Override
  public void pass(Duration time) throws Exception {
    threads.sleep(time.toMillis());
  }

  @Override
  public void close() {}
}
