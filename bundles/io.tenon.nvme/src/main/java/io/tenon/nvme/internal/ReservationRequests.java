package io.tenon.nvme.internal;

import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.ReservationLayout;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.internal.reservation.ReservationCommand;
import java.util.UUID;

/** The reservation commands of an I/O queue, Base 2.0c §7.2 to §7.5: from the entry to the answer. Its reactor only. */
final class ReservationRequests {
  private static final UUID NO_HOST = new UUID(0, 0);

  private final IoQueue queue;
  private final NamespaceReservations reservations;
  private final UUID host;
  private final int maxIoBytes;

  ReservationRequests(
      IoQueue queue, NamespaceReservations reservations, UUID host, int maxIoBytes) {
    this.queue = queue;
    this.reservations = reservations;
    this.host = host;
    this.maxIoBytes = maxIoBytes;
  }

  static boolean isOne(int opcode) {
    return switch (opcode) {
      case Opcode.RESERVATION_REGISTER,
          Opcode.RESERVATION_REPORT,
          Opcode.RESERVATION_ACQUIRE,
          Opcode.RESERVATION_RELEASE ->
          true;
      default -> false;
    };
  }

  /** The namespace is active. */
  void begin(NvmeCommand command) {
    if (command.opcode() != Opcode.RESERVATION_REPORT) {
      Transfers.in(command, ReservationCommand.dataBytes(command.opcode()));
      return;
    }
    long sqe = command.sqe();
    long bytes = (Memory.getU32(sqe + Sqe.CDW10) + 1) * Integer.BYTES;
    boolean extended = (Memory.getInt(sqe + Sqe.CDW11) & ReservationLayout.EXTENDED) != 0;
    // Host ids of fabrics have 128 bits, for which the short structure has no room.
    if (!extended) Transfers.refuse(command, NvmeStatus.HOST_ID_INCONSISTENT);
    else if (bytes > maxIoBytes) Transfers.refuse(command, NvmeStatus.INVALID_FIELD);
    else Transfers.out(command, bytes);
  }

  void execute(NvmeCommand command) {
    if (command.opcode() == Opcode.RESERVATION_REPORT) {
      report(command);
    } else if (host.equals(NO_HOST)) {
      // Hosts without an id cannot be told apart.
      queue.fail(command, NvmeStatus.COMMAND_SEQUENCE_ERROR | NvmeStatus.DO_NOT_RETRY);
    } else {
      reservations.change(
          host,
          ReservationCommand.read(command.sqe(), command.dataAddress()),
          status -> queue.tell(() -> answer(command, status)));
    }
  }

  private void answer(NvmeCommand command, int status) {
    if (status == NvmeStatus.SUCCESS) command.finish(0, status);
    else queue.fail(command, status);
  }

  /** Cut off where the host has no room. */
  private void report(NvmeCommand command) {
    var status = reservations.status();
    int whole = ReservationLayout.reportBytes(status.registrants().size(), true);
    int bytes = command.transferBytes();
    try (var arena = java.lang.foreign.Arena.ofConfined()) {
      long report = arena.allocate(whole, Long.BYTES).address();
      ReservationLayout.write(report, status, true);
      Memory.zero(command.dataAddress(), bytes);
      Memory.copy(report, command.dataAddress(), Math.min(whole, bytes));
    }
    command.finish(0, NvmeStatus.SUCCESS);
  }
}
