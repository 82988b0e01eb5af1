package io.tenon.nvme;

import java.util.function.Consumer;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The model's end of one connection of a transport: a queue that is not connected yet, then an admin or an I/O queue of a
 * controller. The connection's reactor only.
 */
@ProviderType
public interface NvmeQueue {
  /**
   * A capsule has come; its entry is at {@link NvmeCommand#sqe()}. Decides what data moves; a command that will be refused
   * moves none beyond what its capsule holds.
   */
  void begin(NvmeCommand command);

  /** Data of an IN transfer has arrived, memory for an OUT transfer is there. May respond before it returns. */
  void execute(NvmeCommand command);

  /** The response is in the kernel's hands and the slot is free again. */
  void end(NvmeCommand command);

  /** {@link io.tenon.block.IoChannel#consumesInline()} of what this queue writes to: receive buffers may be passed on. */
  boolean consumesInline();

  /** Entries that the host may have outstanding, as it said in Connect; before that 1. */
  int depth();

  /** 0 for the admin queue, -1 before Connect. */
  int queueId();

  /** Of the subsystem that the host has connected to, or of discovery; empty before Connect. */
  String nqn();

  /**
   * The connection is gone. What is in flight still ends, each with {@link NvmeCommand#respond()}; no new command is begun.
   * Idempotent.
   *
   * @param reason for logs and events
   */
  void disconnected(String reason);

  // Between two transports.

  /** The one that serves the queue now. */
  QueueTransport transport();

  /** The transport that serves the queue from now on: {@link ParkedConnection}. */
  void transport(QueueTransport successor);

  /** The model waits for a capsule before it ends the one that it has: the second of two fused commands. */
  boolean awaitsCapsule();

  /** Commands that it has and that may wait for ever: requests for asynchronous events. */
  int restingCommands();

  /** Gives back its resting commands, without a response; each is ended next, and begun again by the successor. */
  void recall(Consumer<NvmeCommand> resting);
}
