package io.tenon.reactor;

import org.osgi.annotation.versioning.ProviderType;

/**
 * A reactor's bounded stock of I/O buffers, aligned to 4096 bytes as O_DIRECT wants them. That reactor's thread only.
 *
 * <p>A buffer has one owner at every moment; the owner gives it back. An empty pool is back-pressure, never an error:
 * stop taking work in, and ask to be called.
 */
@ProviderType
public interface BufferPool {
  /** Largest buffer there is; the node's largest I/O. */
  int maxBytes();

  /**
   * @param lengthBytes 1 to {@link #maxBytes()}
   * @return address of at least that much memory with any content, or 0 when there is none now
   */
  long take(int lengthBytes);

  /**
   * @param address from {@link #take}
   * @param lengthBytes what was asked for then
   */
  void give(long address, int lengthBytes);

  /** Calls {@code waiter} once, at the end of a round in which a buffer came back. First come, first served. */
  void whenAvailable(Runnable waiter);
}
