package io.tenon.nexus;

/**
 * State of a child.
 *
 * <pre>
 * Opening ─► Open ─► Faulted ─► Closed
 *    └──────────────────┴──────────┘
 * </pre>
 */
public enum ChildState {
  OPENING,
  /** Healthy: takes all writes and may serve reads. */
  OPEN,
  /** Out of the I/O path; its data is stale from then on. */
  FAULTED,
  CLOSED
}
