package io.tenon.nvme;

/** Opcodes, Base 2.0c Figures 138 and 443, NVM Command Set 1.0c Figure 16. Bits 1:0 tell where data goes. */
public final class Opcode {
  public static final int FABRICS = 0x7F;

  // Fabrics command types, Base 2.0c Figure 386, byte 4 of the entry.
  public static final int PROPERTY_SET = 0x00;
  public static final int CONNECT = 0x01;
  public static final int PROPERTY_GET = 0x04;
  public static final int DISCONNECT = 0x08;
  public static final int FABRICS_TYPE_OFFSET = 4;

  // Admin.
  public static final int GET_LOG_PAGE = 0x02;
  public static final int IDENTIFY = 0x06;
  public static final int ABORT = 0x08;
  public static final int SET_FEATURES = 0x09;
  public static final int GET_FEATURES = 0x0A;
  public static final int ASYNC_EVENT_REQUEST = 0x0C;
  public static final int KEEP_ALIVE = 0x18;

  /** Of the NVM Command Set; see {@link LbaStatus}. */
  public static final int GET_LBA_STATUS = 0x86;

  /** Mayastor's own: the namespace keeps what it holds now. Data is {@link SnapshotParameters}; dwords 10 and 11 the time. */
  public static final int CREATE_SNAPSHOT = 0xC1;

  // I/O.
  public static final int FLUSH = 0x00;
  public static final int WRITE = 0x01;
  public static final int READ = 0x02;
  public static final int COMPARE = 0x05;
  public static final int WRITE_ZEROES = 0x08;
  public static final int DATASET_MANAGEMENT = 0x09;
  public static final int RESERVATION_REGISTER = 0x0D;
  public static final int RESERVATION_REPORT = 0x0E;
  public static final int RESERVATION_ACQUIRE = 0x11;
  public static final int RESERVATION_RELEASE = 0x15;

  private Opcode() {}
}
