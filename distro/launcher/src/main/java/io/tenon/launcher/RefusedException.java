package io.tenon.launcher;

import io.tenon.error.TenonException;

/** The node was not started because of what it was told, or where. */
final class RefusedException extends TenonException {
  private static final long serialVersionUID = 1;

  RefusedException(String what, String why, String remedy) {
    super(what, why, remedy);
  }

  RefusedException(String what, String why, String remedy, Throwable cause) {
    super(what, why, remedy, cause);
  }
}
