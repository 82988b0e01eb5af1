package io.tenon.nexus.internal;

import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.nexus.ChildReason;

/** What a child's answer means to the nexus. */
enum Answer {
  DONE,
  /** An answer and no fault: the host gets it, the child stays. */
  REFUSED,
  /** Another host has taken the child over: the nexus must stop. */
  CONFLICT,
  /** The child has not done what every healthy child must do. */
  FAULT;

  static Answer of(IoStatus status) {
    return switch (status) {
      case SUCCESS -> DONE;
      case UNSUPPORTED, MISCOMPARE -> REFUSED;
      case RESERVATION_CONFLICT -> CONFLICT;
      // Out of range too: the nexus asks only for what the child had when it was opened.
      case IO_ERROR, OUT_OF_RANGE, NO_SPACE, DEVICE_GONE, TIMED_OUT, ABORTED -> FAULT;
    };
  }

  /**
   * Why a child that answered so is faulted: the same as its device says when it is lost, for either may be heard first.
   *
   * @param local its device is on this node
   */
  static ChildReason reason(IoStatus fault, boolean local) {
    return switch (fault) {
      case NO_SPACE -> ChildReason.NO_SPACE;
      case TIMED_OUT -> ChildReason.TIMED_OUT;
      case DEVICE_GONE -> gone(local);
      // A child that is being rebuilt is out for a refusal too.
      case IO_ERROR, OUT_OF_RANGE, ABORTED, UNSUPPORTED, MISCOMPARE -> ChildReason.IO_FAILURE;
      case SUCCESS, RESERVATION_CONFLICT -> throw Check.bug("%s is no fault", fault);
    };
  }

  /** Why a child is faulted whose device is lost. */
  static ChildReason gone(boolean local) {
    return local ? ChildReason.IO_FAILURE : ChildReason.ADMIN_FAILED;
  }
}
