package io.tenon.assembly;

import io.tenon.error.TenonException;

/** Something was not done because of what was asked, or of what there is. Nothing half-made is left behind. */
final class RefusedException extends TenonException {
  private static final long serialVersionUID = 1;

  RefusedException(String what, String why, String remedy) {
    super(what, why, remedy);
  }

  RefusedException(String what, String why, String remedy, Throwable cause) {
    super(what, why, remedy, cause);
  }
}
