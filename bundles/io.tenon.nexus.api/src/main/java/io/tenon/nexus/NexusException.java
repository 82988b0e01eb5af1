package io.tenon.nexus;

import io.tenon.error.TenonException;

/** A nexus operation was refused or failed. */
public final class NexusException extends TenonException {
  private static final long serialVersionUID = 1;

  /** For callers that answer by kind (a gRPC status). */
  public enum Kind {
    NAME_EXISTS,
    UUID_EXISTS,
    INVALID_ARGUMENT,
    /** A child cannot be opened or does not fit. */
    CHILD,
    CHILD_NOT_FOUND,
    CHILD_EXISTS,
    /** The child is not being rebuilt. */
    REBUILD_NOT_FOUND,
    /** Not in this state, such as after shutdown. */
    STATE,
    ALREADY_SHARED,
    /** The service is being replaced: try again with its successor. */
    UNAVAILABLE,
    INTERNAL
  }

  private final Kind kind;

  public NexusException(Kind kind, String what, String why, String remedy) {
    super(what, why, remedy);
    this.kind = kind;
  }

  public NexusException(Kind kind, String what, String why, String remedy, Throwable cause) {
    super(what, why, remedy, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
