package io.tenon.swap;

/** What came of a swap. */
public enum SwapResult {
  /** The new bundle works. */
  SWAPPED,
  /** The new one did not work; the old one does again. */
  ROLLED_BACK,
  /** Nothing was touched. */
  REFUSED,
  /** Neither the new one nor the old one works; devices that wait fail at their deadline, as disks that were unplugged. */
  FAILED
}
