package io.tenon.nvme.internal;

import io.tenon.nvme.Cns;
import io.tenon.nvme.IdentifyCommandSet;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.NvmeStatus;

/** The Identify command, Base 2.0c §5.17. */
final class Identify {
  private Identify() {}

  /**
   * @param address of 4096 zeroed bytes
   * @return status
   */
  static int answer(Controller controller, int cns, long nsid, long address) {
    return switch (cns) {
      case Cns.CONTROLLER -> {
        IdentifyController.write(address, controller.home().describe(controller));
        yield NvmeStatus.SUCCESS;
      }
      case Cns.NAMESPACE,
          Cns.ACTIVE_NAMESPACES,
          Cns.NAMESPACE_DESCRIPTORS,
          Cns.COMMAND_SET_NAMESPACE,
          Cns.INDEPENDENT_NAMESPACE ->
          controller.home().identify(cns, nsid, address);
      case Cns.COMMAND_SET_CONTROLLER -> {
        if (!controller.home().hasIo()) yield invalidField();
        IdentifyCommandSet.write(address);
        yield NvmeStatus.SUCCESS;
      }
      default -> invalidField();
    };
  }

  static int invalidField() {
    return NvmeStatus.INVALID_FIELD | NvmeStatus.DO_NOT_RETRY;
  }
}
