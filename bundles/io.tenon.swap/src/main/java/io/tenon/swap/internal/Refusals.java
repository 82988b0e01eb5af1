package io.tenon.swap.internal;

import io.tenon.swap.SwapException;
import io.tenon.swap.SwapResult;

/** How refusals begin. */
final class Refusals {
  private Refusals() {}

  static SwapException refused(String bundle, String why, String remedy) {
    return new SwapException(
        SwapResult.REFUSED, "Bundle " + bundle + " was not replaced.", why, remedy);
  }
}
