package io.tenon.nvme.internal;

import io.tenon.block.Snapshots;
import io.tenon.nvme.IdentifyController;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.IntConsumer;

/** What a controller belongs to: a subsystem with a namespace, or discovery. Any thread. */
interface ControllerHome {
  String nqn();

  boolean admits(String hostNqn);

  /** Whether something is under way that this host has sent by connections which have ended. */
  boolean hasLateIo(String hostNqn, UUID hostId);

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

  /** Reservations survive a restart; only where there is I/O. */
  boolean keepsReservations();

  /**
   * As {@link #keepsReservations}, from now on.
   *
   * @param answer told the status on some thread, which must not wait
   */
  void keepReservations(boolean keeps, UUID host, IntConsumer answer);

  /** Takes snapshots of the namespace, where that is possible. */
  Optional<Snapshots> snapshots();

  /** The namespace, to look at where it holds data; empty where there is none. */
  Optional<LbaStatusReports.Place> place();

  /** Runs what may block, and no reactor may do. */
  void runBlocking(Runnable task);

  /** I/O queues may be connected. */
  boolean hasIo();
}
