package io.tenon.nvme.internal;

import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeCommand.Transfer;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.SglDescriptor;

/** Checks of the one SGL descriptor of a command, against what the command moves. */
final class Transfers {
  private Transfers() {}

  /** The command takes {@code bytes} from the host, in its capsule or by the transport. */
  static void in(NvmeCommand command, long bytes) {
    long sqe = command.sqe();
    long offered = SglDescriptor.lengthBytes(sqe);
    switch (SglDescriptor.type(sqe)) {
      case SglDescriptor.IN_CAPSULE -> {
        if (offered < bytes) refuse(command, NvmeStatus.DATA_SGL_LENGTH_INVALID);
        else command.expectInCapsule((int) bytes, SglDescriptor.offset(sqe));
      }
      case SglDescriptor.BY_TRANSPORT -> {
        if (offered != bytes) refuse(command, NvmeStatus.DATA_SGL_LENGTH_INVALID);
        else command.expect(Transfer.IN, (int) bytes);
      }
      default -> refuse(command, NvmeStatus.SGL_TYPE_INVALID);
    }
  }

  /** The command gives {@code bytes} to the host. */
  static void out(NvmeCommand command, long bytes) {
    long sqe = command.sqe();
    if (SglDescriptor.type(sqe) != SglDescriptor.BY_TRANSPORT) {
      refuse(command, NvmeStatus.SGL_TYPE_INVALID);
    } else if (SglDescriptor.lengthBytes(sqe) < bytes) {
      refuse(command, NvmeStatus.DATA_SGL_LENGTH_INVALID);
    } else {
      command.expect(Transfer.OUT, (int) bytes);
    }
  }

  static void refuse(NvmeCommand command, int status) {
    command.refuse(status | NvmeStatus.DO_NOT_RETRY);
  }
}
