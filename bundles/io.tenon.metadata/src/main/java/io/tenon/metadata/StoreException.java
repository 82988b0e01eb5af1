package io.tenon.metadata;

import io.tenon.error.TenonException;

/** A store did not do what it was asked for. */
public abstract sealed class StoreException extends TenonException
    permits ConflictException,
        LeaseLostException,
        OutcomeUnknownException,
        StoreRefusedException,
        StoreUnavailableException {
  private static final long serialVersionUID = 1;

  StoreException(String what, String why, String remedy) {
    super(what, why, remedy);
  }

  /** False only when nobody can tell: then it may have been done, or may be done at any later time. */
  public boolean isCertainlyNotDone() {
    return true;
  }
}
