package io.tenon.blobstore.internal.layout;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Unaligned little-endian integers in a byte array. */
final class LittleEndian {
  private static final VarHandle U16 =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle U32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle U64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private LittleEndian() {}

  static int getU16(byte[] from, int at) {
    return Short.toUnsignedInt((short) U16.get(from, at));
  }

  static int getInt(byte[] from, int at) {
    return (int) U32.get(from, at);
  }

  /**
   * @return 0 to 2^32 - 1
   */
  static long getU32(byte[] from, int at) {
    return Integer.toUnsignedLong(getInt(from, at));
  }

  static long getLong(byte[] from, int at) {
    return (long) U64.get(from, at);
  }

  static void putU16(byte[] into, int at, int value) {
    U16.set(into, at, (short) value);
  }

  /** The low 32 bits. */
  static void putU32(byte[] into, int at, long value) {
    U32.set(into, at, (int) value);
  }

  static void putLong(byte[] into, int at, long value) {
    U64.set(into, at, value);
  }
}
