package io.tenon.nvme.internal;

import io.tenon.block.IoStatus;
import io.tenon.error.TenonException;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.NvmeTarget.Origin;
import java.util.ArrayList;
import java.util.List;

/**
 * How long hosts wait before they repeat a failed command: three times (CRDT1 to 3), chosen by where the error comes from.
 *
 * @param units 100 ms each; 0 is no delay
 */
record RetryDelays(List<Integer> units) {
  private static final int COUNT = 3;
  private static final int MAX = 100;
  private static final int NEXUS = 1;
  private static final int NEXUS_LASTING = 2;
  private static final int REPLICA = 3;

  static RetryDelays parse(String text) throws TenonException {
    var units = new ArrayList<>(List.of(0, 0, 0));
    if (text.isBlank()) return new RetryDelays(List.copyOf(units));
    String[] parts = text.split(",", -1);
    if (parts.length != 1 && parts.length != COUNT) throw refused(text, "Give one or three.");
    for (int i = 0; i < parts.length; i++) {
      int value;
      try {
        value = Integer.parseInt(parts[i].strip());
      } catch (NumberFormatException e) {
        throw refused(text, "\"" + parts[i] + "\" is not a whole number.");
      }
      if (value < 0 || value > MAX) throw refused(text, value + " is not between 0 and 100.");
      units.set(i, value);
    }
    return new RetryDelays(List.copyOf(units));
  }

  private static TenonException refused(String text, String why) {
    return new TenonException(
        "Command retry delays " + text + " were refused.",
        why,
        "Write them as 30 or 30,30,30, in units of 100 ms.");
  }

  /** The status that a host that honours delays gets for an I/O of a device of this kind. */
  int status(IoStatus status, Origin origin) {
    int plain = plain(status);
    int index =
        switch (origin) {
          case DEVICE -> 0;
          case NEXUS ->
              status == IoStatus.RESERVATION_CONFLICT || status == IoStatus.NO_SPACE
                  ? NEXUS_LASTING
                  : NEXUS;
          case REPLICA -> REPLICA;
        };
    boolean delayed =
        index > 0 && units.get(index - 1) > 0 && (plain & NvmeStatus.DO_NOT_RETRY) == 0;
    return delayed ? NvmeStatus.withRetryDelay(plain, index) : plain;
  }

  /** The status without a delay. */
  static int plain(IoStatus status) {
    return switch (status) {
      case SUCCESS -> NvmeStatus.SUCCESS;
      case IO_ERROR, TIMED_OUT -> NvmeStatus.INTERNAL_ERROR;
      case OUT_OF_RANGE -> NvmeStatus.LBA_OUT_OF_RANGE | NvmeStatus.DO_NOT_RETRY;
      case UNSUPPORTED -> NvmeStatus.INVALID_OPCODE | NvmeStatus.DO_NOT_RETRY;
      case NO_SPACE -> NvmeStatus.CAPACITY_EXCEEDED;
      case MISCOMPARE -> NvmeStatus.COMPARE_FAILURE | NvmeStatus.DO_NOT_RETRY;
      case RESERVATION_CONFLICT -> NvmeStatus.RESERVATION_CONFLICT;
      case DEVICE_GONE -> NvmeStatus.INTERNAL_PATH_ERROR;
      case ABORTED -> NvmeStatus.ABORT_REQUESTED;
    };
  }
}
