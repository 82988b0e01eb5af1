package io.tenon.pool.internal;

import java.util.List;
import java.util.TreeMap;

/** Of a node that has no data folder, or of a trial: nothing outlives it. */
final class PassingMemory implements PoolMemory {
  private final ServingNode node;
  private final TreeMap<String, KnownPool> pools = new TreeMap<>();

  PassingMemory(ServingNode node) {
    this.node = node;
  }

  @Override
  public ServingNode node() {
    return node;
  }

  @Override
  public synchronized List<KnownPool> pools() {
    return List.copyOf(pools.values());
  }

  @Override
  public synchronized void remember(KnownPool pool) {
    pools.put(pool.name(), pool);
  }

  @Override
  public synchronized void diskMoved(KnownPool pool) {
    pools.replace(pool.name(), pool);
  }

  @Override
  public synchronized void forget(String name) {
    pools.remove(name);
  }
}
