package io.tenon.blobstore;

import java.io.IOException;

/** Where a repair keeps the pages that it is about to change. */
@FunctionalInterface
public interface PageCopies {
  /**
   * Called once, before the first change.
   *
   * @param copies for {@link Blobstores#undo}; begins with a text that says what it is
   * @throws IOException when they are not durable; nothing is changed then
   */
  void keep(byte[] copies) throws IOException;
}
