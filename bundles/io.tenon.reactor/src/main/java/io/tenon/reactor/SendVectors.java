package io.tenon.reactor;

import io.tenon.error.Check;
import io.tenon.linux.Memory;
import java.lang.foreign.Arena;

/**
 * Ranges of memory that wait to be sent, in order: a {@code struct iovec} array (readv(2)) used as a queue. Ranges that
 * touch are joined, so that adjacent headers cost one entry. One thread.
 */
public final class SendVectors {
  /** {@code UIO_MAXIOV}: most entries that one sendmsg takes. */
  public static final int MAX_PER_CALL = 1024;

  private static final int ENTRY_BYTES = 16;
  private static final int LENGTH_OFFSET = 8;

  private final long entries;
  private final int capacity;
  private int first;
  private int end;
  private long bytes;
  private boolean lastStandsAlone;

  /**
   * @param arena owns the array; closed after the last send
   * @param capacity most ranges that wait at a time
   */
  public SendVectors(Arena arena, int capacity) {
    this.capacity = capacity;
    this.entries = arena.allocate((long) capacity * ENTRY_BYTES, ENTRY_BYTES).address();
  }

  public boolean isEmpty() {
    return first == end;
  }

  /** Bytes that wait. */
  public long bytes() {
    return bytes;
  }

  /** Room left for this many more ranges. */
  public int room() {
    return capacity - (end - first);
  }

  /**
   * @param lengthBytes more than 0. The memory stays as it is until sent
   */
  public void add(long address, long lengthBytes) {
    if (first != end && !lastStandsAlone) {
      long last = entries + (long) (end - 1) * ENTRY_BYTES;
      long lastLength = Memory.getLong(last + LENGTH_OFFSET);
      if (Memory.getLong(last) + lastLength == address) {
        Memory.putLong(last + LENGTH_OFFSET, lastLength + lengthBytes);
        bytes += lengthBytes;
        return;
      }
    }
    append(address, lengthBytes);
    lastStandsAlone = false;
  }

  /** As {@link #add}, but never joined with its neighbours: the owner may {@link #redirect} just this range. */
  public void addAlone(long address, long lengthBytes) {
    append(address, lengthBytes);
    lastStandsAlone = true;
  }

  private void append(long address, long lengthBytes) {
    if (end == capacity) compact();
    long entry = entries + (long) end * ENTRY_BYTES;
    Memory.putLong(entry, address);
    Memory.putLong(entry + LENGTH_OFFSET, lengthBytes);
    end++;
    bytes += lengthBytes;
  }

  private void compact() {
    if (first == 0) throw Check.bug("more than %d ranges wait to be sent", capacity);
    Memory.copy(entries + (long) first * ENTRY_BYTES, entries, (long) (end - first) * ENTRY_BYTES);
    end -= first;
    first = 0;
  }

  /** Address of the first waiting {@code struct iovec}. */
  public long head() {
    return entries + (long) first * ENTRY_BYTES;
  }

  /** Entries from {@link #head()} on. */
  public int count() {
    return end - first;
  }

  /** Address of the memory of entry {@code index} counted from the head. */
  public long address(int index) {
    return Memory.getLong(head() + (long) index * ENTRY_BYTES);
  }

  /** Length in bytes of entry {@code index} counted from the head. */
  public long length(int index) {
    return Memory.getLong(head() + (long) index * ENTRY_BYTES + LENGTH_OFFSET);
  }

  /** Points a waiting entry at a copy of its bytes: what was lent to it must be given back before it is sent. */
  public void redirect(int index, long address) {
    Memory.putLong(head() + (long) index * ENTRY_BYTES, address);
  }

  /** Drops what was sent from the front. */
  public void advance(long sentBytes) {
    bytes -= sentBytes;
    long left = sentBytes;
    while (left > 0) {
      long entry = head();
      long length = Memory.getLong(entry + LENGTH_OFFSET);
      if (left < length) {
        Memory.putLong(entry, Memory.getLong(entry) + left);
        Memory.putLong(entry + LENGTH_OFFSET, length - left);
        return;
      }
      left -= length;
      first++;
    }
    if (first == end) first = end = 0;
  }
}
