package io.tenon.nvme.internal;

import io.tenon.nvme.internal.reservation.ReservationNotice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;

/**
 * What a controller's host is told of reservations, Base 2.0c §5.16.1.24: a page for each notice, the oldest first, until it is
 * read. The host may mask notices (§5.27.1.29). Admin queue's reactor only.
 */
final class ReservationLog {
  /** Type of an empty page is 0. */
  private static final int PAGE_BYTES = 64;

  private static final int COUNT = 0;
  private static final int TYPE = 8;
  private static final int AVAILABLE = 9;
  private static final int NSID = 12;
  private static final int MOST_AVAILABLE = 255;

  /** Kept; the oldest go when there are more, and the host sees by the count that some are missing. */
  private static final int MOST_PAGES = 256;

  private static final int MASKABLE = 0xE;

  private record Page(long count, ReservationNotice notice) {}

  private final ArrayDeque<Page> pages = new ArrayDeque<>();
  private long count;
  private int mask;

  int mask() {
    return mask;
  }

  void mask(int bits) {
    mask = bits & MASKABLE;
  }

  /**
   * @return false when the host does not want to hear of it
   */
  boolean add(ReservationNotice notice) {
    if ((mask & notice.maskBit()) != 0) return false;
    count++;
    if (count == 0) count = 1; // 0 is that of an empty page
    if (pages.size() == MOST_PAGES) pages.remove();
    pages.add(new Page(count, notice));
    return true;
  }

  boolean isEmpty() {
    return pages.isEmpty();
  }

  /** The oldest, or an empty one. */
  byte[] page() {
    var bytes = ByteBuffer.allocate(PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    var oldest = pages.peek();
    if (oldest == null) return bytes.array();
    return bytes
        .putLong(COUNT, oldest.count)
        .put(TYPE, (byte) oldest.notice.code())
        .put(AVAILABLE, (byte) Math.min(MOST_AVAILABLE, pages.size() - 1))
        .putInt(NSID, IoQueue.NAMESPACE)
        .array();
  }

  void wasRead() {
    pages.poll();
  }

  void reset() {
    pages.clear();
    count = 0;
    mask = 0;
  }
}
