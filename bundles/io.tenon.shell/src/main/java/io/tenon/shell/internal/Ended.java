package io.tenon.shell.internal;

/** A command was done and has said all; only scripts are told something more, by its status. */
final class Ended extends Exception {
  private static final long serialVersionUID = 1;

  private final int status;

  /**
   * @param status not 0
   */
  Ended(int status) {
    super("ended with status " + status, null, false, false);
    this.status = status;
  }

  int status() {
    return status;
  }
}
