package io.tenon.nexus;

/**
 * State of a rebuild.
 *
 * <pre>
 * INIT ─► RUNNING ◄─► PAUSED
 *           └──────────┴────► COMPLETED, FAILED, STOPPED
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
