package io.tenon.swap;

import io.tenon.error.TenonException;

/** A swap was refused or taken back. */
public final class SwapException extends TenonException {
  private static final long serialVersionUID = 1;

  private final SwapResult result;

  /**
   * @param result what came of it; not {@link SwapResult#SWAPPED}
   */
  public SwapException(SwapResult result, String what, String why, String remedy) {
    super(what, why, remedy);
    this.result = result;
  }

  public SwapResult result() {
    return result;
  }
}
