package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.Check;

/**
 * Memory for headers that wait to be sent, given out in order and taken back in order, so that headers of one round lie
 * side by side and share an entry of the send vectors. One thread.
 */
final class HeaderRing {
  private final long base;
  private final long bytes;

  /** Grow for ever; the place is the remainder. */
  private long end;

  private long start;

  /**
   * @param bytes more than all that can wait at a time, plus one piece for what is lost at the wrap
   */
  HeaderRing(long base, int bytes) {
    this.base = base;
    this.bytes = bytes;
  }

  /** Address of {@code length} bytes in one piece. */
  long take(int length) {
    if (start == end) start = end = 0;
    long place = end % bytes;
    if (place + length > bytes) {
      end += bytes - place;
      place = 0;
    }
    end += length;
    if (end - start > bytes) throw Check.bug("headers that wait do not fit into %d bytes", bytes);
    return base + place;
  }

  /** Remembers how far has been given out, for {@link #release}. */
  long mark() {
    return end;
  }

  /** Everything taken before {@code mark} was sent. */
  void release(long mark) {
    start = mark;
  }
}
