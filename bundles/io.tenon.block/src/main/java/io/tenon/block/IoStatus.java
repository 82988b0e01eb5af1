package io.tenon.block;

/** How an I/O ended. */
public enum IoStatus {
  SUCCESS,
  /** The medium or the way to it failed. */
  IO_ERROR,
  /** Beyond the end of the device. */
  OUT_OF_RANGE,
  /** The device does not do this operation. */
  UNSUPPORTED,
  /** Thin storage has run out of space. */
  NO_SPACE,
  /** Compare found other data; nothing was written. */
  MISCOMPARE,
  /** Another host holds a reservation. */
  RESERVATION_CONFLICT,
  /** The device is gone: unplugged, its backend removed, its controller lost. */
  DEVICE_GONE,
  /** No answer in time; the device may still do it. */
  TIMED_OUT,
  /** Given up on purpose, by abort or because the path was closed. */
  ABORTED;

  public boolean isSuccess() {
    return this == SUCCESS;
  }
}
