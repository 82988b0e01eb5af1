package io.tenon.nvme;

/** Feature identifiers, Base 2.0c Figure 316. */
public final class Feature {
  public static final int ARBITRATION = 0x01;
  public static final int POWER_MANAGEMENT = 0x02;
  public static final int TEMPERATURE_THRESHOLD = 0x04;
  public static final int ERROR_RECOVERY = 0x05;
  public static final int VOLATILE_WRITE_CACHE = 0x06;
  public static final int NUMBER_OF_QUEUES = 0x07;
  public static final int WRITE_ATOMICITY = 0x0A;
  public static final int ASYNC_EVENTS = 0x0B;
  public static final int KEEP_ALIVE_TIMER = 0x0F;
  public static final int HOST_BEHAVIOR = 0x16;
  public static final int HOST_ID = 0x81;
  public static final int RESERVATION_NOTIFICATION_MASK = 0x82;
  public static final int RESERVATION_PERSISTENCE = 0x83;

  private Feature() {}
}
