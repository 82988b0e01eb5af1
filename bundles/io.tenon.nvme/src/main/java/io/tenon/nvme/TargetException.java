package io.tenon.nvme;

import io.tenon.error.TenonException;

/** The target refused to share or change something. */
public final class TargetException extends TenonException {
  private static final long serialVersionUID = 1;

  /** For callers that answer by kind. */
  public enum Kind {
    ALREADY_SHARED,
    DEVICE_IN_USE,
    INVALID_ARGUMENT,
    LIMIT,
    /** What was kept of the device's reservations cannot be read, or is of another device. */
    RESERVATIONS
  }

  private final Kind kind;

  public TargetException(Kind kind, String what, String why, String remedy) {
    super(what, why, remedy);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
