package io.tenon.shell.internal;

/** A command was not done. The message is what people read. */
final class Refused extends Exception {
  private static final long serialVersionUID = 1;

  /** What a command ends with that failed and has no statuses of its own. */
  static final int FAILED = 1;

  /** What a command ends with that was not understood. */
  static final int NOT_UNDERSTOOD = 2;

  private final int status;

  Refused(String message) {
    this(message, FAILED);
  }

  /**
   * @param status for scripts; not 0
   */
  Refused(String message, int status) {
    super(message, null, false, false);
    this.status = status;
  }

  int status() {
    return status;
  }
}
