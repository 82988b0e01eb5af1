package io.tenon.nvme;

/** Log page identifiers, Base 2.0c Figure 197. */
public final class LogPage {
  public static final int ERRORS = 0x01;
  public static final int SMART = 0x02;
  public static final int FIRMWARE_SLOTS = 0x03;
  public static final int CHANGED_NAMESPACES = 0x04;
  public static final int COMMANDS_AND_EFFECTS = 0x05;
  public static final int ANA = 0x0C;
  public static final int DISCOVERY = 0x70;
  public static final int RESERVATION_NOTIFICATION = 0x80;

  private LogPage() {}
}
