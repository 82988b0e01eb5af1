package io.tenon.nexus.internal;

import io.tenon.nexus.RecordInfo;
import java.util.Optional;

/**
 * Where it is written down which children hold all data. A write that missed a child is acknowledged only when this has said so: after a
 * crash nobody may take that child for a good one. On the nexus' home reactor; must not block. What is told is kept in that order. An
 * outcome is told once, on any thread.
 */
@FunctionalInterface
interface RetirementRecord {
  /** Nothing is kept: good for a nexus whose children are never opened again without it. */
  RetirementRecord NOTHING = (nexus, childUri, outcome) -> outcome.recorded();

  /** The child does not hold all data any more. */
  void childIsOut(String nexus, String childUri, Outcome outcome);

  /** A rebuild has completed the child. When that cannot be written down, it does not become readable. */
  default void childIsIn(String nexus, String childUri, Outcome outcome) {
    outcome.recorded();
  }

  /**
   * There is a child more, which holds nothing yet.
   *
   * @param uuid by which it is known on record
   */
  default void childIsAdded(String nexus, String childUri, String uuid, Outcome outcome) {
    outcome.recorded();
  }

  /** The child is none any more. */
  default void childIsGone(String nexus, String childUri, Outcome outcome) {
    outcome.recorded();
  }

  /**
   * The nexus has ended, and its healthy children are equal. When that cannot be written down, all but one of them are copied anew
   * by the next nexus.
   */
  default void ended(String nexus, Outcome outcome) {
    outcome.recorded();
  }

  /** Whether nobody else has written it since; if so, it says that it was followed. Blocks. */
  default Vigil.Answer isOurs() {
    return Vigil.Answer.OURS;
  }

  /** For people; empty when nothing is kept. */
  default Optional<RecordInfo> info() {
    return Optional.empty();
  }

  /** For a successor, when nothing waits to be written; empty when nothing is kept. */
  default Optional<LeftNexus.Stored> left() {
    return Optional.empty();
  }

  /** How it went. */
  interface Outcome {
    void recorded();

    /** It cannot be written down; of a child that is out: the nexus stops. */
    void failed(String why);
  }
}
