package io.tenon.block;

/**
 * What hosts do while something is copied, and what they feel of it: I/Os that met a copy, and those that did not. Asked by a {@link CopyPace}, on its
 * reactor.
 */
public interface Foreground {
  /** Begins to look, with nothing known; or ends. */
  void watch(boolean now);

  /** Copies begin, or the last one has ended. */
  void copying(boolean now);

  /**
   * Takes in what has happened since the last time.
   *
   * @return I/Os that have ended
   */
  long collect();

  /** There is enough of both to compare. */
  boolean isEnough();

  /** Those that met a copy took so much longer that copies have to be fewer. */
  boolean isSlower();

  /** What is older counts less from now on. */
  void fade();

  /** What was felt of copies until now says nothing any more. */
  void forgetCopies();
}
