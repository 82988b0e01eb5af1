package io.tenon.nexus;

/** Why a child is not healthy; the reasons of Mayastor's {@code ChildStateReason}. */
public enum ChildReason {
  NONE,
  CANNOT_OPEN,
  CONFIG_INVALID,
  REBUILD_FAILED,
  IO_FAILURE,
  BY_CLIENT,
  OUT_OF_SYNC,
  NO_SPACE,
  TIMED_OUT,
  ADMIN_FAILED
}
