package io.tenon.bench.local;

import io.tenon.block.DeviceSlot;
import io.tenon.block.testing.TestReactors;

/** A replica whose clusters are allocated against a device of the same backend without a pool, in {@link Turns}. */
final class HitPath implements AutoCloseable {
  private final DeviceSlot raw;
  private final BenchStore store;
  private final Turns turns;

  /**
   * @param rawUri device of its own, at least as large as the replica
   * @param poolUri is formatted
   */
  HitPath(TestReactors reactors, String scheme, String rawUri, String poolUri, long clusters)
      throws Exception {
    raw = Backends.slot(rawUri, reactors.reactors());
    store = new BenchStore(poolUri, reactors);
    var replica = store.open(store.thick(clusters), "replica");
    turns = new Turns(scheme, reactors, "raw", raw, "replica", replica);
  }

  /** One JSON object. */
  String compare(int depth, boolean writes, int rounds) {
    return turns.compare(depth, writes, rounds);
  }

  @Override
  public void close() throws Exception {
    store.close();
    Backends.close(raw);
  }
}
