package io.tenon.nvme.internal;

import io.tenon.block.Snapshots;
import io.tenon.nvme.IdentifyController;
import java.util.Optional;
import java.util.OptionalInt;

/** What a controller belongs to: a subsystem with a namespace, or discovery. Any thread. */
interface ControllerHome {
  String nqn();

  boolean admits(String hostNqn);

  /**
   * @return an id that nobody has; empty when there is none
   */
  OptionalInt takeControllerId();

  void entered(Controller controller);

  /** The controller has no connection any more. */
  void left(Controller controller);

  /** For Identify Controller, but for what is the controller's own. */
  IdentifyController.Description describe(Controller controller);

  /**
   * Answers Identify of a namespace structure.
   *
   * @param address of 4096 zeroed bytes
   * @return status
   */
  int identify(int cns, long nsid, long address);

  /** Another number whenever {@link #logPage} has changed. */
  long logGeneration(int id);

  /**
   * A log page that the home keeps, as it is now.
   *
   * @param specific LSP, log specific parameter
   * @return empty array when it has no such page
   */
  byte[] logPage(int id, int specific, Controller controller);

  /** Takes snapshots of the namespace, where that is possible. */
  Optional<Snapshots> snapshots();

  /** Runs what may block, and no reactor may do. */
  void runBlocking(Runnable task);

  /** I/O queues may be connected. */
  boolean hasIo();
}
