package io.tenon.block;

/**
 * Where a {@link DeviceSlot} is.
 *
 * <pre>
 * Ready ◄─► Draining ─► Vacant ─► Ready
 *   └───────────┴─────────┴─────► Failed ─► Ready
 * </pre>
 */
public enum SlotState {
  /** I/O goes to the device inside. */
  READY,
  /** New I/O parks; what is in flight ends. The device is still inside. */
  DRAINING,
  /** New I/O parks; nothing is inside. */
  VACANT,
  /** I/O fails with {@link IoStatus#DEVICE_GONE}; nothing is inside, or it is on its way out. */
  FAILED;

  static boolean isLegal(SlotState from, SlotState to) {
    return switch (from) {
      case READY -> to == DRAINING || to == FAILED;
      case DRAINING -> to == READY || to == VACANT || to == FAILED;
      case VACANT -> to == READY || to == FAILED;
      case FAILED -> to == READY;
    };
  }
}
