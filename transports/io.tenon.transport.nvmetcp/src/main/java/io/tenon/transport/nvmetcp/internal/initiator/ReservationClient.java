package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.IoStatus;
import io.tenon.block.ReservationStatus;
import io.tenon.linux.Memory;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.ReservationLayout;
import io.tenon.nvme.Sqe;
import org.jspecify.annotations.Nullable;

/** The reservation commands, on an I/O queue. Any thread but a reactor's; waits for a free command and for its answer. */
final class ReservationClient {
  private static final int NSID = 1;
  private static final int REPORT_BYTES = 4096;

  private final AdminClient client;
  private final int maxTransferBytes;

  /**
   * @param client of an I/O queue
   */
  ReservationClient(AdminClient client, int maxTransferBytes) {
    this.client = client;
    this.maxTransferBytes = maxTransferBytes;
  }

  /** Register, Acquire or Release; throws with the status of the controller when it is not success. */
  void change(int opcode, int word, long currentKey, long otherKey) throws ControllerException {
    client.expect(
        "Reservation command",
        (command, memory) -> {
          long sqe = command.prepare(opcode, NSID);
          Memory.putInt(sqe + Sqe.CDW10, word);
          Memory.putLong(memory + ReservationLayout.CURRENT_KEY, currentKey);
          Memory.putLong(memory + ReservationLayout.OTHER_KEY, otherKey);
          command.writes(
              memory,
              opcode == Opcode.RESERVATION_RELEASE
                  ? ReservationLayout.RELEASE_BYTES
                  : ReservationLayout.ACQUIRE_BYTES);
        });
  }

  /** Once more with more room, when there are more registrants than were thought. */
  ReservationStatus report() throws ControllerException {
    int bytes = Math.min(REPORT_BYTES, maxTransferBytes);
    while (true) {
      var report = report(bytes);
      if (report.status != null) return report.status;
      int needed = ReservationLayout.reportBytes(report.registrants, true);
      if (needed > maxTransferBytes) {
        throw new ControllerException(
            IoStatus.UNSUPPORTED,
            "it reports " + report.registrants + " registrants, which is more than it transfers");
      }
      bytes = needed;
    }
  }

  /** Whole, or how many registrants it would have. */
  private record Report(int registrants, @Nullable ReservationStatus status) {}

  private Report report(int bytes) throws ControllerException {
    return client.expect(
        "Reservation Report",
        bytes,
        (command, memory) -> {
          long sqe = command.prepare(Opcode.RESERVATION_REPORT, NSID);
          Memory.putInt(sqe + Sqe.CDW10, bytes / Integer.BYTES - 1);
          Memory.putInt(sqe + Sqe.CDW11, ReservationLayout.EXTENDED);
          command.reads(memory, bytes);
        },
        memory -> {
          int count = ReservationLayout.registrants(memory);
          boolean isWhole = ReservationLayout.reportBytes(count, true) <= bytes;
          return new Report(count, isWhole ? ReservationLayout.read(memory, bytes, true) : null);
        });
  }
}
