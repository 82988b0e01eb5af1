package io.tenon.nvme;

/** Controller properties, Base 2.0c §3.1.3, and how Property Get and Set name them (§6.2 and §6.4). */
public final class Property {
  public static final int CAP = 0x00;
  public static final int VS = 0x08;
  public static final int CC = 0x14;
  public static final int CSTS = 0x1C;

  // In the entry of Property Get and Set.
  public static final int ATTRIB = 40;
  public static final int OFST = 44;
  public static final int VALUE = 48;

  /** ATTRIB: the property has 8 bytes. */
  public static final int EIGHT_BYTES = 1;

  public static final int CC_ENABLE = 1;

  /** CC: 64-byte submission and 16-byte completion queue entries. */
  public static final int CC_ENTRY_SIZES = 6 << 16 | 4 << 20;

  public static final int CC_ENTRY_SIZES_MASK = 0xFF << 16;

  /** CC: NVM command set, pages of 4 KiB, round robin: CSS, MPS and AMS are all 0. */
  public static final int CC_CHOICES_MASK = 7 << 4 | 0xF << 7 | 7 << 11;

  public static final int CC_SHUTDOWN_MASK = 3 << 14;
  public static final int CSTS_READY = 1;
  public static final int CSTS_FATAL = 2;
  public static final int CSTS_SHUTDOWN_OCCURRING = 1 << 2;
  public static final int CSTS_SHUTDOWN_COMPLETE = 2 << 2;

  private static final long CAP_CONTIGUOUS_QUEUES = 1L << 16;
  private static final int CAP_TIMEOUT_SHIFT = 24;
  private static final long CAP_NVM_COMMAND_SET = 1L << 37;

  private Property() {}

  /**
   * @param timeoutHalfSeconds longest time to become ready
   */
  public static long capabilities(int maxQueueDepth, int timeoutHalfSeconds) {
    return maxQueueDepth - 1
        | CAP_CONTIGUOUS_QUEUES
        | (long) timeoutHalfSeconds << CAP_TIMEOUT_SHIFT
        | CAP_NVM_COMMAND_SET;
  }

  /** MQES + 1. */
  public static int maxQueueDepth(long capabilities) {
    return (int) (capabilities & 0xFFFF) + 1;
  }

  /** TO, milliseconds. */
  public static int readyWithinMs(long capabilities) {
    return (int) (capabilities >>> CAP_TIMEOUT_SHIFT & 0xFF) * 500;
  }
}
