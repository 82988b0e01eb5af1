package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.SnapshotSpec;
import io.tenon.block.Snapshots;
import io.tenon.linux.Errno;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.SnapshotParameters;
import org.jspecify.annotations.Nullable;

/** Snapshots of namespace 1 of a controller of another node: that node takes them of what is shared there. */
final class RemoteSnapshots implements Snapshots {
  private final RemoteController controller;

  RemoteSnapshots(RemoteController controller) {
    this.controller = controller;
  }

  @Override
  public void take(SnapshotSpec spec) throws DeviceException {
    Session using;
    try {
      using = controller.session();
    } catch (ControllerException e) {
      throw notTaken(
          spec, Kind.NOT_FOUND, "Controller " + controller.name() + " is not connected.", null);
    }
    try {
      int errno =
          using
              .admin()
              .createSnapshot(SnapshotParameters.encode(spec), spec.createdAt().getEpochSecond());
      if (errno == 0) return;
      String why = "Controller " + controller.name() + " answered: " + Errno.text(errno) + ".";
      throw notTaken(spec, Kind.ofErrno(errno), why, null);
    } catch (ControllerException e) {
      boolean unknown = NvmeStatus.code(e.nvmeStatus()) == NvmeStatus.INVALID_OPCODE;
      // Without an answer it may have been taken.
      var kind = unknown ? Kind.UNSUPPORTED : e.nvmeStatus() == 0 ? Kind.TIMED_OUT : Kind.IO;
      throw notTaken(spec, kind, "Controller " + controller.name() + ": " + e.why() + ".", e);
    }
  }

  private DeviceException notTaken(
      SnapshotSpec spec, Kind kind, String why, @Nullable ControllerException cause) {
    String what = "Snapshot " + spec.name() + " of " + controller.deviceName() + " was not taken.";
    String remedy =
        switch (kind) {
          case UNSUPPORTED -> "Take it on that node, if what is shared there is a replica.";
          case TIMED_OUT ->
              "Look on that node whether it is there, and delete it before the next try.";
          default -> "Look at that node.";
        };
    return cause == null
        ? new DeviceException(kind, what, why, remedy)
        : new DeviceException(kind, what, why, remedy, cause);
  }
}
