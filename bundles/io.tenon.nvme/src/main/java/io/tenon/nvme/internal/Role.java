package io.tenon.nvme.internal;

import io.tenon.nvme.NvmeCommand;
import java.util.function.Consumer;

/** What a connection is at present: nothing yet, an admin queue, or an I/O queue. The connection's reactor only. */
interface Role {
  void begin(NvmeCommand command);

  void execute(NvmeCommand command);

  void end(NvmeCommand command);

  boolean consumesInline();

  int queueId();

  /** {@link io.tenon.nvme.NvmeQueue#nqn()}. */
  String nqn();

  void disconnected(String reason);

  /** {@link io.tenon.nvme.NvmeQueue#awaitsCapsule()}. */
  default boolean awaitsCapsule() {
    return false;
  }

  /** {@link io.tenon.nvme.NvmeQueue#restingCommands()}. */
  default int restingCommands() {
    return 0;
  }

  /** {@link io.tenon.nvme.NvmeQueue#recall}. */
  default void recall(Consumer<NvmeCommand> resting) {}
}
