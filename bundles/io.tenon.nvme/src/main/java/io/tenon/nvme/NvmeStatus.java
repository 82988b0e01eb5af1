package io.tenon.nvme;

/**
 * Status field values, Base 2.0c §3.3.3.2.1: status code in bits 7:0, status code type in bits 10:8, command retry delay in
 * bits 12:11, more in bit 13, do not retry in bit 14. On the wire the field stands one bit higher, above the phase tag.
 */
public final class NvmeStatus {
  public static final int SUCCESS = 0x000;
  public static final int INVALID_OPCODE = 0x001;
  public static final int INVALID_FIELD = 0x002;
  public static final int DATA_TRANSFER_ERROR = 0x004;
  public static final int INTERNAL_ERROR = 0x006;
  public static final int ABORT_REQUESTED = 0x007;
  public static final int ABORTED_SQ_DELETION = 0x008;
  public static final int ABORTED_FAILED_FUSED = 0x009;
  public static final int ABORTED_MISSING_FUSED = 0x00A;
  public static final int INVALID_NAMESPACE = 0x00B;
  public static final int COMMAND_SEQUENCE_ERROR = 0x00C;
  public static final int INVALID_SGL_DESCRIPTOR = 0x00D;
  public static final int DATA_SGL_LENGTH_INVALID = 0x00F;
  public static final int SGL_TYPE_INVALID = 0x011;
  public static final int SGL_OFFSET_INVALID = 0x016;
  public static final int HOST_ID_INCONSISTENT = 0x018;
  public static final int KEEP_ALIVE_EXPIRED = 0x019;
  public static final int KEEP_ALIVE_INVALID = 0x01A;
  public static final int ABORTED_BY_PREEMPT = 0x01B;
  public static final int NAMESPACE_NOT_READY = 0x082;
  public static final int LBA_OUT_OF_RANGE = 0x080;
  public static final int CAPACITY_EXCEEDED = 0x081;
  public static final int RESERVATION_CONFLICT = 0x083;

  public static final int ABORT_LIMIT = 0x103;
  public static final int ASYNC_EVENT_LIMIT = 0x105;
  public static final int INVALID_LOG_PAGE = 0x109;
  public static final int FEATURE_NOT_SAVEABLE = 0x10D;
  public static final int FEATURE_NOT_CHANGEABLE = 0x10E;
  public static final int CONNECT_INCOMPATIBLE_FORMAT = 0x180;
  public static final int CONNECT_CONTROLLER_BUSY = 0x181;
  public static final int CONNECT_INVALID_PARAMETERS = 0x182;
  public static final int CONNECT_RESTART_DISCOVERY = 0x183;
  public static final int CONNECT_INVALID_HOST = 0x184;
  public static final int INVALID_QUEUE_TYPE = 0x185;

  public static final int WRITE_FAULT = 0x280;
  public static final int UNRECOVERED_READ_ERROR = 0x281;
  public static final int COMPARE_FAILURE = 0x285;

  public static final int INTERNAL_PATH_ERROR = 0x300;
  public static final int ANA_INACCESSIBLE = 0x302;
  public static final int HOST_PATHING_ERROR = 0x370;

  public static final int DO_NOT_RETRY = 1 << 14;
  private static final int RETRY_DELAY_SHIFT = 11;

  private NvmeStatus() {}

  /** Status code and type, without the bits about retrying. */
  public static int code(int status) {
    return status & 0x7FF;
  }

  /**
   * @param index 1 to 3: which of the controller's command retry delay times the host shall wait
   */
  public static int withRetryDelay(int status, int index) {
    return status | index << RETRY_DELAY_SHIFT;
  }
}
