package io.tenon.pool;

import io.tenon.error.TenonException;

/** A pool operation was refused or failed. */
public final class PoolException extends TenonException {
  private static final long serialVersionUID = 1;

  /** For callers that answer by kind (a gRPC status). */
  public enum Kind {
    /** The pool is loaded already. */
    POOL_EXISTS,
    /** There is a replica or block device of this name or uuid. */
    REPLICA_EXISTS,
    /** No such pool. */
    POOL_NOT_FOUND,
    /** No such replica or snapshot. */
    REPLICA_NOT_FOUND,
    INVALID_ARGUMENT,
    CLUSTER_SIZE,
    /** The disk cannot be opened or belongs to somebody. */
    DISK,
    /** The disk carries something that would be lost. */
    DISK_HAS_DATA,
    /** The disk carries no pool that can be loaded. */
    NO_POOL,
    /** The disk carries another pool. */
    OTHER_POOL,
    /** A snapshot is larger than the replica that it is to fill. */
    OUT_OF_RANGE,
    /** A snapshot that is to fill a replica cannot be had. */
    NO_SOURCE,
    /** No such snapshot rebuild. */
    REBUILD_NOT_FOUND,
    /** Larger than the pool. */
    TOO_LARGE,
    NO_SPACE,
    /** A snapshot, or something that must not be changed. */
    READ_ONLY,
    /** Somebody uses it. */
    IN_USE,
    /** A snapshot that is deleted as soon as its clones are. */
    DISCARDED,
    /** It is shared by other means, or cannot be shared. */
    SHARE,
    /** An I/O failed halfway. */
    IO,
    /** Whoever asked for it wants it no more. */
    CANCELLED,
    /** The disk is away. */
    SUSPENDED,
    /** Something else is done with it, and has not ended in time. */
    BUSY,
    INTERNAL
  }

  private final Kind kind;

  public PoolException(Kind kind, String what, String why, String remedy) {
    super(what, why, remedy);
    this.kind = kind;
  }

  public PoolException(Kind kind, String what, TenonException cause) {
    super(
        what,
        cause.what() + (cause.why().isEmpty() ? "" : " " + cause.why()),
        cause.remedy(),
        cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
