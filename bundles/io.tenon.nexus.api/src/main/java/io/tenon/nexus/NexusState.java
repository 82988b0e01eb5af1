package io.tenon.nexus;

/** State of a nexus, derived from its children unless it is shut down. */
public enum NexusState {
  /** Being made. */
  INIT,
  /** All children are healthy. */
  ONLINE,
  /** At least one child is healthy and at least one is not. */
  DEGRADED,
  /** The last healthy child, which is never taken out, is lost or out of reach: I/O fails. Ends when it is back. */
  FAULTED,
  SHUTTING_DOWN,
  SHUTDOWN
}
