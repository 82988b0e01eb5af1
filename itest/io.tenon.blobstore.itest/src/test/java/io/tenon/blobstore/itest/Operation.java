package io.tenon.blobstore.itest;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.block.IoStatus;

/** Something done to a store, and what it means. */
interface Operation {
  /** What it is, for people. */
  String text();

  /**
   * Does it.
   *
   * @return how it ended, and the id of the blob that it made
   */
  Outcome run(LiveStore live) throws BlobstoreException;

  /**
   * What it does to the model when it succeeds.
   *
   * @param made the blob that it made, 0 when it makes none
   */
  void apply(Model model, long made);

  /** What may be there after it was interrupted, without having happened as a whole. */
  default void half(Model model) {}

  default boolean makesBlob() {
    return false;
  }

  /**
   * @param made 0 for none
   */
  record Outcome(IoStatus status, long made) {
    static final Outcome DONE = new Outcome(IoStatus.SUCCESS, 0);
  }
}
