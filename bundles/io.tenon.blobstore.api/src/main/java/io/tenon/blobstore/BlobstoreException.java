package io.tenon.blobstore;

import io.tenon.error.TenonException;

/** What is on the disk cannot be used, or what was asked for was refused. */
public final class BlobstoreException extends TenonException {
  private static final long serialVersionUID = 1;

  /** For callers that answer by kind; what people read is the message. */
  public enum Kind {
    /** No signature: another format, or nothing. */
    NOT_A_BLOBSTORE,
    /** A blobstore of a version that is not known here. */
    UNSUPPORTED_VERSION,
    /** A blobstore that belongs to something else. */
    WRONG_TYPE,
    /** The super block's checksum is wrong. */
    SUPER_BLOCK_CHECKSUM,
    /** The super block contradicts itself. */
    BAD_SUPER_BLOCK,
    /** The store is larger than the device. */
    DEVICE_TOO_SMALL,
    /** The device has another block size than the store was made for. */
    BLOCK_SIZE_MISMATCH,
    /** A mask of a cleanly closed store is not what the super block says. */
    BAD_MASK,
    /** A metadata page's checksum, owner or place in its chain is wrong. */
    BAD_PAGE,
    /** A descriptor in a metadata page is malformed. */
    BAD_DESCRIPTOR,
    /** A cluster map contradicts itself or the store. */
    BAD_MAP,
    /** A flag is set that is not known here. */
    UNKNOWN_FLAG,
    /** A descriptor's type is not known here. */
    UNKNOWN_DESCRIPTOR,
    /** No such blob. */
    NOT_FOUND,
    /** The blob is open or has children. */
    IN_USE,
    /** The blob is a snapshot, or may not be changed for the reason that is given. */
    READ_ONLY,
    /** Not enough free clusters. */
    NO_SPACE,
    /** No free metadata page. */
    NO_METADATA_PAGE,
    INVALID_ARGUMENT,
    /** The device failed. */
    IO,
    /** An earlier failure has left open what is on the disk; load the store again. */
    SUSPENDED,
    /** The store was unloaded. */
    CLOSED,
    /** Whoever asked for it has given it up. */
    CANCELLED
  }

  private final Kind kind;

  public BlobstoreException(Kind kind, String what, String why, String remedy) {
    super(what, why, remedy);
    this.kind = kind;
  }

  public BlobstoreException(Kind kind, String what, String why, String remedy, Throwable cause) {
    super(what, why, remedy, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
