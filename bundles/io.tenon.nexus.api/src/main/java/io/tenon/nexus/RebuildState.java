package io.tenon.nexus;

/**
 * State of a rebuild.
 *
 * <pre>
 * INIT ─► RUNNING ◄─► PAUSED ◄─► INIT
 *           └──────────┴────► COMPLETED, FAILED, STOPPED (the last two from INIT too)
 * </pre>
 */
public enum RebuildState {
  /** The child is being let into all writes. */
  INIT,
  RUNNING,
  PAUSED,
  /** By request; the child stays out of sync. */
  STOPPED,
  FAILED,
  COMPLETED
}
