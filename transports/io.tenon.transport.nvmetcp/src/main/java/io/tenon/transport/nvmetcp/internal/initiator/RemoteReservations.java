package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.ReservationStatus;
import io.tenon.block.ReservationType;
import io.tenon.block.Reservations;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.ReservationLayout;
import java.util.OptionalLong;
import java.util.UUID;

/** Reservations of namespace 1 of a controller of another node, by its first I/O queue. */
final class RemoteReservations implements Reservations {
  private final RemoteController controller;

  RemoteReservations(RemoteController controller) {
    this.controller = controller;
  }

  @Override
  public UUID hostId() {
    return controller.hostId();
  }

  @Override
  public void register(long key, Persistence persistence) throws DeviceException {
    int word = ReservationLayout.REGISTER | word(persistence);
    send("registered", Opcode.RESERVATION_REGISTER, word, 0, key);
  }

  @Override
  public void replace(OptionalLong currentKey, long key, Persistence persistence)
      throws DeviceException {
    int ignore = currentKey.isEmpty() ? ReservationLayout.IGNORE_EXISTING_KEY : 0;
    send(
        "given another key",
        Opcode.RESERVATION_REGISTER,
        ReservationLayout.REPLACE | ignore | word(persistence),
        currentKey.orElse(0),
        key);
  }

  @Override
  public void unregister(long key) throws DeviceException {
    send("unregistered", Opcode.RESERVATION_REGISTER, ReservationLayout.UNREGISTER, key, 0);
  }

  private static int word(Persistence persistence) {
    int bits =
        switch (persistence) {
          case AS_IT_IS -> ReservationLayout.PERSISTENCE_AS_IT_IS;
          case FORGOTTEN -> ReservationLayout.PERSISTENCE_OFF;
          case KEPT -> ReservationLayout.PERSISTENCE_ON;
        };
    return bits << ReservationLayout.PERSISTENCE_SHIFT;
  }

  @Override
  public void acquire(long key, ReservationType type) throws DeviceException {
    int word = ReservationLayout.ACQUIRE | type.code() << ReservationLayout.TYPE_SHIFT;
    send("given the reservation", Opcode.RESERVATION_ACQUIRE, word, key, 0);
  }

  @Override
  public void preempt(long key, ReservationType type, long preemptedKey, boolean abort)
      throws DeviceException {
    int action = abort ? ReservationLayout.PREEMPT_AND_ABORT : ReservationLayout.PREEMPT;
    int word = action | type.code() << ReservationLayout.TYPE_SHIFT;
    send("given what others had", Opcode.RESERVATION_ACQUIRE, word, key, preemptedKey);
  }

  @Override
  public void release(long key, ReservationType type) throws DeviceException {
    int word = ReservationLayout.RELEASE | type.code() << ReservationLayout.TYPE_SHIFT;
    send("released from its reservation", Opcode.RESERVATION_RELEASE, word, key, 0);
  }

  @Override
  public void clear(long key) throws DeviceException {
    send("cleared of reservations", Opcode.RESERVATION_RELEASE, ReservationLayout.CLEAR, key, 0);
  }

  @Override
  public ReservationStatus status() throws DeviceException {
    try {
      return controller.session().reservations().report();
    } catch (ControllerException e) {
      throw failed("asked for its reservations", e);
    }
  }

  private void send(String done, int opcode, int word, long key, long other)
      throws DeviceException {
    try {
      controller.session().reservations().change(opcode, word, key, other);
    } catch (ControllerException e) {
      throw failed(done, e);
    }
  }

  private DeviceException failed(String done, ControllerException e) {
    var kind =
        switch (NvmeStatus.code(e.nvmeStatus())) {
          case NvmeStatus.RESERVATION_CONFLICT -> Kind.RESERVATION_CONFLICT;
          case NvmeStatus.INVALID_OPCODE -> Kind.UNSUPPORTED;
          case NvmeStatus.INVALID_FIELD -> Kind.INVALID_PARAMETER;
          default ->
              switch (e.status()) {
                case TIMED_OUT -> Kind.TIMED_OUT;
                default -> Kind.IO;
              };
        };
    String remedy =
        switch (kind) {
          case RESERVATION_CONFLICT -> "See who holds it, and whether this node still should.";
          case INVALID_PARAMETER ->
              "Check the key and the type, and that the other node can keep reservations if it should.";
          case UNSUPPORTED -> "";
          default ->
              "Check the connection; then ask for its reservations to learn what has happened.";
        };
    return new DeviceException(
        kind,
        "Host " + hostId() + " was not " + done + ": block device " + controller.deviceName() + ".",
        kind == Kind.RESERVATION_CONFLICT
            ? "Another host holds it, or this host has not the key it says."
            : "Controller " + controller.name() + ": " + e.why() + ".",
        remedy,
        e);
  }
}
