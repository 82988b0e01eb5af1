package io.tenon.pool.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.block.DeviceException;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;

/** What went wrong below, in the words of pools. */
final class Failures {
  private Failures() {}

  /**
   * @param what did not happen; a sentence
   */
  static PoolException of(String what, BlobstoreException e) {
    return new PoolException(kind(e.kind()), what, e);
  }

  private static Kind kind(BlobstoreException.Kind kind) {
    return switch (kind) {
      case NO_SPACE, NO_METADATA_PAGE -> Kind.NO_SPACE;
      case READ_ONLY -> Kind.READ_ONLY;
      case IN_USE -> Kind.IN_USE;
      case INVALID_ARGUMENT -> Kind.INVALID_ARGUMENT;
      case NOT_FOUND -> Kind.REPLICA_NOT_FOUND;
      case IO, SUSPENDED, CLOSED -> Kind.SUSPENDED;
      case CANCELLED -> Kind.CANCELLED;
      case NOT_A_BLOBSTORE,
          UNSUPPORTED_VERSION,
          WRONG_TYPE,
          SUPER_BLOCK_CHECKSUM,
          BAD_SUPER_BLOCK,
          DEVICE_TOO_SMALL,
          BLOCK_SIZE_MISMATCH,
          BAD_MASK,
          BAD_PAGE,
          BAD_DESCRIPTOR,
          BAD_MAP,
          UNKNOWN_FLAG,
          UNKNOWN_DESCRIPTOR ->
          Kind.NO_POOL;
    };
  }

  /** A pool was not loaded. */
  static PoolException ofLoading(String what, BlobstoreException e) {
    return new PoolException(
        e.kind() == BlobstoreException.Kind.IO ? Kind.DISK : Kind.NO_POOL, what, e);
  }

  /** A device was not listed or not closed. */
  static PoolException of(String what, DeviceException e) {
    return new PoolException(
        switch (e.kind()) {
          case ALREADY_EXISTS -> Kind.REPLICA_EXISTS;
          case IN_USE -> Kind.IN_USE;
          default -> Kind.INTERNAL;
        },
        what,
        e);
  }
}
