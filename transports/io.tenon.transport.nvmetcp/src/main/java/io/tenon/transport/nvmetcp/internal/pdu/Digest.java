package io.tenon.transport.nvmetcp.internal.pdu;

import io.tenon.linux.Memory;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * CRC32C of native memory, as header and data digests have it (TCP Transport 1.0c §3.3.1.1), by the JDK's intrinsic and
 * without allocating in steady state. One thread.
 *
 * <p>The intrinsic wants a buffer object. A view costs an allocation, so views over windows of 1 GiB are kept; what a
 * connection touches (its receive buffer, the buffer pool, a device's memory) lies in a few of them.
 */
public final class Digest {
  private static final int WINDOW_SHIFT = 30;

  /** A range that begins in a window lies within its view when it is not longer than this. */
  private static final int MAX_BYTES = 64 << 20;

  private static final int KEPT = 16;

  private final CRC32C crc = new CRC32C();
  private final long[] windows = new long[KEPT];
  private final @Nullable ByteBuffer[] views = new ByteBuffer[KEPT];

  /**
   * @param lengthBytes 0 to 64 MiB
   */
  public int of(long address, int lengthBytes) {
    long window = address >>> WINDOW_SHIFT;
    int offset = (int) (address & ((1L << WINDOW_SHIFT) - 1));
    ByteBuffer view = view(window);
    view.limit(offset + lengthBytes).position(offset);
    crc.reset();
    crc.update(view);
    return (int) crc.getValue();
  }

  private ByteBuffer view(long window) {
    int place = (int) window & (KEPT - 1);
    ByteBuffer kept = views[place];
    if (kept != null && windows[place] == window) return kept;
    ByteBuffer made =
        Memory.segment(window << WINDOW_SHIFT, (1L << WINDOW_SHIFT) + MAX_BYTES).asByteBuffer();
    views[place] = made;
    windows[place] = window;
    return made;
  }

  /** Writes the digest of a header behind it. */
  public void seal(long header, int headerBytes) {
    Memory.putInt(header + headerBytes, of(header, headerBytes));
  }

  /** The digest behind a header is right. */
  public boolean isSealed(long header, int headerBytes) {
    return Memory.getInt(header + headerBytes) == of(header, headerBytes);
  }
}
