package io.tenon.block;

import io.tenon.error.TenonException;
import io.tenon.linux.Errno;

/** A device operation was refused or failed. */
public final class DeviceException extends TenonException {
  private static final long serialVersionUID = 1;

  /** For callers that answer by kind (a gRPC status); what people read is the message. */
  public enum Kind {
    /** Not a URI, or without what the scheme needs. */
    INVALID_URI,
    UNKNOWN_SCHEME,
    /** A parameter is unknown, missing, contradictory or not of its type. */
    INVALID_PARAMETER,
    /** File, disk, host or device is not there. */
    NOT_FOUND,
    ALREADY_EXISTS,
    /** Claimed by another owner here, or mounted or held by another process. */
    IN_USE,
    /** This machine cannot: a system call is forbidden, a capability is missing. */
    UNSUPPORTED,
    /** The device has not the size, block size or uuid that was asked for. */
    MISMATCH,
    PERMISSION_DENIED,
    /** It, or what it lies on, is full. */
    NO_SPACE,
    /** No answer in time. */
    TIMED_OUT,
    /** The system or the device reported an error. */
    IO;

    /** The error number of Linux by which outer interfaces tell it. */
    public int errno() {
      return switch (this) {
        case INVALID_URI, INVALID_PARAMETER, UNKNOWN_SCHEME, MISMATCH -> Errno.EINVAL;
        case NOT_FOUND -> Errno.ENOENT;
        case ALREADY_EXISTS -> Errno.EEXIST;
        case IN_USE -> Errno.EBUSY;
        case UNSUPPORTED -> Errno.EOPNOTSUPP;
        case PERMISSION_DENIED -> Errno.EACCES;
        case NO_SPACE -> Errno.ENOSPC;
        case TIMED_OUT -> Errno.ETIMEDOUT;
        case IO -> Errno.EIO;
      };
    }

    /** The kind that an error number from outside stands for, as far as we tell them apart. */
    public static Kind ofErrno(int errno) {
      return switch (errno) {
        case Errno.EINVAL -> INVALID_PARAMETER;
        case Errno.ENOENT -> NOT_FOUND;
        case Errno.EEXIST -> ALREADY_EXISTS;
        case Errno.EBUSY -> IN_USE;
        case Errno.EOPNOTSUPP -> UNSUPPORTED;
        case Errno.EACCES -> PERMISSION_DENIED;
        case Errno.ENOSPC -> NO_SPACE;
        case Errno.ETIMEDOUT -> TIMED_OUT;
        default -> IO;
      };
    }
  }

  private final Kind kind;

  public DeviceException(Kind kind, String what, String why, String remedy) {
    super(what, why, remedy);
    this.kind = kind;
  }

  public DeviceException(Kind kind, String what, String why, String remedy, Throwable cause) {
    super(what, why, remedy, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  public static DeviceException alreadyExists(String name) {
    return new DeviceException(
        Kind.ALREADY_EXISTS,
        "Block device " + name + " was not created: it already exists.",
        "",
        "Use the one that exists, or destroy it first.");
  }

  public static DeviceException notFound(String name) {
    return new DeviceException(
        Kind.NOT_FOUND,
        "Block device " + name + " was not found.",
        "",
        "List the block devices that exist, or create it first.");
  }
}
