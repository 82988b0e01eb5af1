package io.tenon.nexus.internal;

/**
 * Where it is written down that a child does not hold all data any more. A write that missed a child is acknowledged only when
 * this has said so: after a crash nobody may take that child for a good one.
 */
@FunctionalInterface
interface RetirementRecord {
  /** Nothing is kept: good for a nexus whose children are never opened again without it. */
  RetirementRecord NOTHING = (nexus, childUri, outcome) -> outcome.recorded();

  /** On the nexus' home reactor; must not block. The outcome is told once, on any thread. */
  void childIsOut(String nexus, String childUri, Outcome outcome);

  /** How it went. */
  interface Outcome {
    void recorded();

    /** It cannot be written down; the nexus stops. */
    void failed(String why);
  }
}
