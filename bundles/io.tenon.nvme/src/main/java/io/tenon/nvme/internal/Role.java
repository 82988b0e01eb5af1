package io.tenon.nvme.internal;

import io.tenon.nvme.NvmeCommand;

/** What a connection is at present: nothing yet, an admin queue, or an I/O queue. The connection's reactor only. */
interface Role {
  void begin(NvmeCommand command);

  void execute(NvmeCommand command);

  void end(NvmeCommand command);

  boolean consumesInline();

  int queueId();

  void disconnected(String reason);
}
