package io.tenon.block;

import java.util.Optional;

/** Types of NVMe reservations, Base 2.0c §8.19. The codes are RTYPE of commands, gRPC and etcd alike. */
public enum ReservationType {
  WRITE_EXCLUSIVE(1),
  EXCLUSIVE_ACCESS(2),
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY(3),
  EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(4),
  WRITE_EXCLUSIVE_ALL_REGISTRANTS(5),
  EXCLUSIVE_ACCESS_ALL_REGISTRANTS(6);

  private final int code;

  ReservationType(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }

  /** Who may not write may not read either. */
  public boolean excludesReads() {
    return code % 2 == 0;
  }

  /** Not only the holder may do what the reservation protects, but every registrant. */
  public boolean letsRegistrantsIn() {
    return code > EXCLUSIVE_ACCESS.code;
  }

  /** Every registrant is a holder. */
  public boolean isHeldByAll() {
    return code > EXCLUSIVE_ACCESS_REGISTRANTS_ONLY.code;
  }

  /**
   * @return empty for 0, which is no reservation, and for reserved codes
   */
  public static Optional<ReservationType> of(int code) {
    for (var type : values()) {
      if (type.code == code) return Optional.of(type);
    }
    return Optional.empty();
  }
}
