package io.tenon.blobstore;

/** What can be done about a {@link Finding}. */
public sealed interface Remedy {
  /** What is done, or who can do it; a sentence. */
  String how();

  /** The next load does it by itself, and a repair does it too. Nothing is lost. */
  record ByLoad(String how) implements Remedy {}

  /** A repair does it. Nothing is lost. */
  record ByRepair(String how) implements Remedy {}

  /**
   * A repair does it when this blob was named to it, for something is lost.
   *
   * @param lost exactly what; a sentence
   */
  record GiveUp(BlobId blob, String how, String lost) implements Remedy {}

  /** A repair does it when it was told the name and the uuid that the pool shall have. Nothing is lost. */
  record WithIdentity(String how) implements Remedy {}

  /** Nothing that is done here helps. */
  record Elsewhere(String how) implements Remedy {}
}
