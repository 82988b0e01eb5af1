package io.tenon.nvme.internal.reservation;

import io.tenon.linux.Memory;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.ReservationLayout;
import io.tenon.nvme.Sqe;

/** What a host asks for, as it stands in the command: nothing is checked yet. */
public sealed interface ReservationCommand {
  /** Reservation Register. */
  record Register(int action, boolean ignoresKey, int persistence, long currentKey, long newKey)
      implements ReservationCommand {}

  /** Reservation Acquire. */
  record Acquire(int action, boolean ignoresKey, int type, long currentKey, long preemptedKey)
      implements ReservationCommand {}

  /** Reservation Release. */
  record Release(int action, boolean ignoresKey, int type, long currentKey)
      implements ReservationCommand {}

  /** Set Features, Reservation Persistence. */
  record Persist(boolean persists) implements ReservationCommand {}

  /**
   * @param opcode of Register, Acquire or Release
   * @return length of its data
   */
  static int dataBytes(int opcode) {
    return switch (opcode) {
      case Opcode.RESERVATION_REGISTER -> ReservationLayout.REGISTER_BYTES;
      case Opcode.RESERVATION_ACQUIRE -> ReservationLayout.ACQUIRE_BYTES;
      default -> ReservationLayout.RELEASE_BYTES;
    };
  }

  /**
   * @param sqe of a Register, Acquire or Release command
   * @param data {@link #dataBytes} of it
   */
  static ReservationCommand read(long sqe, long data) {
    int word = Memory.getInt(sqe + Sqe.CDW10);
    int action = word & ReservationLayout.ACTION_MASK;
    boolean ignoresKey = (word & ReservationLayout.IGNORE_EXISTING_KEY) != 0;
    int type = word >>> ReservationLayout.TYPE_SHIFT & 0xFF;
    long key = Memory.getLong(data + ReservationLayout.CURRENT_KEY);
    return switch (Memory.getU8(sqe + Sqe.OPCODE)) {
      case Opcode.RESERVATION_REGISTER ->
          new Register(
              action,
              ignoresKey,
              word >>> ReservationLayout.PERSISTENCE_SHIFT,
              key,
              Memory.getLong(data + ReservationLayout.OTHER_KEY));
      case Opcode.RESERVATION_ACQUIRE ->
          new Acquire(
              action, ignoresKey, type, key, Memory.getLong(data + ReservationLayout.OTHER_KEY));
      default -> new Release(action, ignoresKey, type, key);
    };
  }
}
