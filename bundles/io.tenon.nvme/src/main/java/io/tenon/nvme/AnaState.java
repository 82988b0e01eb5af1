package io.tenon.nvme;

/** Asymmetric namespace access states, Base 2.0c §8.1.1; persistent loss and change are not offered. */
public enum AnaState {
  OPTIMIZED(1),
  NON_OPTIMIZED(2),
  INACCESSIBLE(3);

  private final int code;

  AnaState(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }
}
