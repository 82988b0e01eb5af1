package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.IoStatus;
import io.tenon.nvme.NvmeStatus;

/** A controller could not be reached, or refused. The message is a part of a sentence. */
final class ControllerException extends Exception {
  private static final long serialVersionUID = 1;
  private static final int NO_STATUS = 0;

  private final String why;
  private final IoStatus status;
  private final int nvmeStatus;

  ControllerException(IoStatus status, String why) {
    super(why);
    this.why = why;
    this.status = status;
    this.nvmeStatus = NO_STATUS;
  }

  ControllerException(String command, int nvmeStatus) {
    this(command, Lane.status(nvmeStatus), NvmeStatus.code(nvmeStatus));
  }

  private ControllerException(String command, IoStatus status, int code) {
    String words = "%s was refused with status 0x%03x".formatted(command, code);
    super(words);
    this.why = words;
    this.status = status;
    this.nvmeStatus = code;
  }

  /** The message. */
  String why() {
    return why;
  }

  IoStatus status() {
    return status;
  }

  /** Why a device was not opened. */
  DeviceException refusal(String device, String controller) {
    Kind kind =
        switch (nvmeStatus) {
          case NvmeStatus.CONNECT_INVALID_HOST -> Kind.PERMISSION_DENIED;
          case NvmeStatus.CONNECT_INVALID_PARAMETERS -> Kind.NOT_FOUND;
          default ->
              switch (status) {
                case TIMED_OUT -> Kind.TIMED_OUT;
                case DEVICE_GONE -> Kind.NOT_FOUND;
                case UNSUPPORTED -> Kind.UNSUPPORTED;
                default -> Kind.IO;
              };
        };
    String remedy =
        switch (kind) {
          case PERMISSION_DENIED -> "Let this node's host NQN in on the other node.";
          case NOT_FOUND -> "Check that the other node shares it at this address and port.";
          case TIMED_OUT -> "Check the network and the other node.";
          default -> "";
        };
    return new DeviceException(
        kind,
        "Block device " + device + " was not opened.",
        "Controller " + controller + ": " + why + ".",
        remedy,
        this);
  }

  /** What the controller answered, without the bits about retrying; 0 when it did not. */
  int nvmeStatus() {
    return nvmeStatus;
  }
}
