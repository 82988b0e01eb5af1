package io.tenon.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Native memory by address. The I/O path works with plain {@code long} addresses: one segment over the whole address
 * space allocates nothing per access and compiles to a single move.
 *
 * <p>Nothing here checks bounds. Whoever calls owns the memory, and has checked every length that came from outside.
 * Multi-byte values are little-endian, as NVMe and Linux on x86-64 and ARM64 have them.
 */
public final class Memory {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final ValueLayout.OfShort U16_LE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32_LE =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64_LE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final VarHandle SHARED_INT = ValueLayout.JAVA_INT.varHandle();

  private Memory() {}

  public static byte getByte(long address) {
    return ALL.get(ValueLayout.JAVA_BYTE, address);
  }

  /**
   * @return 0 to 255
   */
  public static int getU8(long address) {
    return Byte.toUnsignedInt(ALL.get(ValueLayout.JAVA_BYTE, address));
  }

  /**
   * @return 0 to 65535
   */
  public static int getU16(long address) {
    return Short.toUnsignedInt(ALL.get(U16_LE, address));
  }

  public static int getInt(long address) {
    return ALL.get(U32_LE, address);
  }

  /**
   * @return 0 to 2^32 - 1
   */
  public static long getU32(long address) {
    return Integer.toUnsignedLong(ALL.get(U32_LE, address));
  }

  public static long getLong(long address) {
    return ALL.get(U64_LE, address);
  }

  public static void putByte(long address, int value) {
    ALL.set(ValueLayout.JAVA_BYTE, address, (byte) value);
  }

  public static void putShort(long address, int value) {
    ALL.set(U16_LE, address, (short) value);
  }

  public static void putInt(long address, int value) {
    ALL.set(U32_LE, address, value);
  }

  public static void putLong(long address, long value) {
    ALL.set(U64_LE, address, value);
  }

  /**
   * Reads what another thread or the kernel writes last, such as a ring's tail: what it wrote before is seen after.
   *
   * @param address multiple of 4
   */
  public static int getIntAcquire(long address) {
    return (int) SHARED_INT.getAcquire(ALL, address);
  }

  /**
   * Writes what another thread or the kernel reads first, such as a ring's head: what was written before is seen by it.
   *
   * @param address multiple of 4
   */
  public static void putIntRelease(long address, int value) {
    SHARED_INT.setRelease(ALL, address, value);
  }

  public static void copy(long from, long to, long lengthBytes) {
    MemorySegment.copy(ALL, from, ALL, to, lengthBytes);
  }

  public static void copy(byte[] from, int offset, long to, int lengthBytes) {
    MemorySegment.copy(from, offset, ALL, ValueLayout.JAVA_BYTE, to, lengthBytes);
  }

  public static void copy(long from, byte[] to, int offset, int lengthBytes) {
    MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, from, to, offset, lengthBytes);
  }

  public static void zero(long address, long lengthBytes) {
    ALL.asSlice(address, lengthBytes).fill((byte) 0);
  }

  /**
   * @return offset of the first byte that differs, or -1 when all {@code lengthBytes} are equal
   */
  public static long mismatch(long a, long b, long lengthBytes) {
    return MemorySegment.mismatch(ALL, a, a + lengthBytes, ALL, b, b + lengthBytes);
  }

  /** A view for code off the I/O path; it neither owns nor frees the memory. */
  public static MemorySegment segment(long address, long lengthBytes) {
    return ALL.asSlice(address, lengthBytes);
  }
}
