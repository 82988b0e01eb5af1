package io.tenon.simulation;

/** What has happened, as a number: two runs that differ anywhere differ here. */
public final class Trace {
  private long hash = 1;

  /** Mixes a fact in. */
  public void note(long fact) {
    hash = Long.rotateLeft(hash * 0x9E3779B97F4A7C15L, 23) ^ fact;
  }

  public void note(String fact) {
    note(fact.hashCode());
  }

  public long hash() {
    return hash;
  }
}
