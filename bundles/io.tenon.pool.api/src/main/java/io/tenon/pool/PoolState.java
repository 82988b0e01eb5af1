package io.tenon.pool;

/** State of a pool. */
public enum PoolState {
  ONLINE,
  /** Its disk is away or was; {@link PoolInfo#reason} says why, and what it waits for. */
  SUSPENDED
}
