package io.tenon.blobstore;

import org.osgi.annotation.versioning.ConsumerType;

/** Sees a long operation go on. */
@ConsumerType
public interface Progress {
  /**
   * Called before each part, on the thread of the operation.
   *
   * @return false to give it up
   */
  boolean goesOn(long clustersDone, long clusters);
}
