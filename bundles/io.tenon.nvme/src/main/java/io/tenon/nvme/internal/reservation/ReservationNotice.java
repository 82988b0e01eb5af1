package io.tenon.nvme.internal.reservation;

/** Types of the Reservation Notification log page, Base 2.0c §5.16.1.24; {@code 1 << code} masks them (§5.27.1.29). */
public enum ReservationNotice {
  REGISTRATION_PREEMPTED(1),
  RESERVATION_RELEASED(2),
  RESERVATION_PREEMPTED(3);

  private final int code;

  ReservationNotice(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }

  public int maskBit() {
    return 1 << code;
  }
}
