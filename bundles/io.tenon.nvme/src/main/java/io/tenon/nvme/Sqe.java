package io.tenon.nvme;

/** Offsets in a submission queue entry, Base 2.0c Figure 86 and 88; 64 bytes, little-endian. */
public final class Sqe {
  public static final int LENGTH_BYTES = 64;
  public static final int OPCODE = 0;

  /** FUSE in bits 1:0, PSDT in bits 7:6. */
  public static final int FLAGS = 1;

  public static final int FUSE_MASK = 0x03;
  public static final int PSDT_MASK = 0xC0;

  /** PSDT: SGLs, the metadata pointer is an address. */
  public static final int PSDT_SGL = 0x40;

  public static final int CID = 2;
  public static final int NSID = 4;

  /** SGL descriptor 1: 16 bytes. */
  public static final int SGL = 24;

  public static final int CDW10 = 40;
  public static final int CDW11 = 44;
  public static final int CDW12 = 48;
  public static final int CDW13 = 52;
  public static final int CDW14 = 56;
  public static final int CDW15 = 60;

  private Sqe() {}
}
