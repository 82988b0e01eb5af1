package io.tenon.blobstore.itest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One piece of a metadata page; format §6. */
record Descriptor(int type, ByteBuffer body) {
  static final int PADDING = 0;
  static final int RUNS = 1;
  static final int XATTR = 2;
  static final int FLAGS = 3;
  static final int INTERNAL_XATTR = 4;
  static final int TABLE = 5;
  static final int EXTENTS = 6;

  static Descriptor of(int type, ByteBuffer page, int at, int length) {
    return new Descriptor(type, page.slice(at, length).order(ByteOrder.LITTLE_ENDIAN));
  }

  int length() {
    return body.capacity();
  }
}
