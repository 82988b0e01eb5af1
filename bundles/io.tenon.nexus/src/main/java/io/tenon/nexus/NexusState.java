package io.tenon.nexus;

/** State of a nexus, derived from its children unless it is shut down. */
public enum NexusState {
  /** Being made. */
  INIT,
  /** All children are healthy. */
  ONLINE,
  /** At least one child is healthy and at least one is not. */
  DEGRADED,
  /** No child is healthy: I/O waits or fails. */
  FAULTED,
  SHUTTING_DOWN,
  SHUTDOWN
}
