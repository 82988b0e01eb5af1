package io.tenon.nvme;

import io.tenon.linux.Memory;

/** The one SGL descriptor of a capsule, Base 2.0c §4.1.2: 16 bytes at {@link Sqe#SGL}. */
public final class SglDescriptor {
  /** Data Block, address is an offset: data in the capsule. */
  public static final int IN_CAPSULE = 0x01;

  /** Transport SGL Data Block, transport specific: data by the transport's own means. */
  public static final int BY_TRANSPORT = 0x5A;

  private static final int LENGTH = 8;
  private static final int TYPE = 15;

  private SglDescriptor() {}

  /** Type in bits 7:4, sub type in bits 3:0. */
  public static int type(long sqe) {
    return Memory.getU8(sqe + Sqe.SGL + TYPE);
  }

  public static long offset(long sqe) {
    return Memory.getLong(sqe + Sqe.SGL);
  }

  public static long lengthBytes(long sqe) {
    return Memory.getU32(sqe + Sqe.SGL + LENGTH);
  }

  public static void write(long sqe, int type, int lengthBytes) {
    Memory.putLong(sqe + Sqe.SGL, 0);
    Memory.putInt(sqe + Sqe.SGL + LENGTH, lengthBytes);
    Memory.putInt(sqe + Sqe.SGL + LENGTH + Integer.BYTES, type << 24);
  }
}
