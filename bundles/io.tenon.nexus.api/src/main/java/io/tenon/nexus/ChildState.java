package io.tenon.nexus;

/**
 * State of a child.
 *
 * <pre>
 * Opening ─► Open ──► Faulted ─► Closed        Out of sync ─► Open: by a rebuild
 *    │        ▲          │ ▲                   Faulted ─► Out of sync: brought online again
 *    └─► Out of sync ◄───┘ │
 *             └────────────┘
 * </pre>
 */
public enum ChildState {
  OPENING,
  /** Healthy: takes all writes and may serve reads. */
  OPEN,
  /** Takes all writes, but lacks some of the data: serves no reads until a rebuild has completed it. */
  OUT_OF_SYNC,
  /** Out of the I/O path; its data is stale from then on. */
  FAULTED,
  CLOSED
}
