package io.tenon.nvme.internal;

import io.tenon.block.Snapshots;
import io.tenon.nvme.DiscoveryLog;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.NvmeStatus;
import java.util.BitSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.function.IntConsumer;

/** The discovery subsystem: open to every host, without namespaces. Any thread. */
final class Discovery implements ControllerHome {
  private static final int MAX_CONTROLLER_ID = 0xFFEF;

  private final Target target;
  private final Set<Controller> controllers = new CopyOnWriteArraySet<>();
  private final BitSet takenIds = new BitSet();

  Discovery(Target target) {
    this.target = target;
  }

  /** Tells every persistent discovery controller. */
  void changed() {
    for (var controller : controllers) {
      controller.notice(AsyncEvents.Notice.DISCOVERY_CHANGED);
    }
  }

  void close() {
    for (var controller : controllers) controller.disconnect("the target stops");
  }

  @Override
  public String nqn() {
    return DiscoveryLog.NQN;
  }

  @Override
  public boolean admits(String hostNqn) {
    return true;
  }

  @Override
  public boolean hasLateIo(String hostNqn, UUID hostId) {
    return false;
  }

  @Override
  public synchronized OptionalInt takeControllerId() {
    int id = takenIds.nextClearBit(1);
    if (id > MAX_CONTROLLER_ID) return OptionalInt.empty();
    takenIds.set(id);
    return OptionalInt.of(id);
  }

  @Override
  public void entered(Controller controller) {
    controllers.add(controller);
  }

  @Override
  public void left(Controller controller) {
    controllers.remove(controller);
    synchronized (this) {
      takenIds.clear(controller.id());
    }
  }

  @Override
  public IdentifyController.Description describe(Controller controller) {
    return new IdentifyController.Description(
        Serial.of(new UUID(0, 0)),
        Target.MODEL,
        target.firmware(),
        DiscoveryLog.NQN,
        controller.id(),
        Controller.VERSION,
        true,
        false,
        target.retryDelays().units(),
        controller.limits());
  }

  @Override
  public int identify(int cns, long nsid, long address) {
    return NvmeStatus.INVALID_FIELD | NvmeStatus.DO_NOT_RETRY;
  }

  @Override
  public long logGeneration(int id) {
    return target.discoveryGeneration();
  }

  @Override
  public byte[] logPage(int id, int specific, Controller controller) {
    return id == LogPage.DISCOVERY ? target.discoveryPage(controller) : new byte[0];
  }

  @Override
  public boolean keepsReservations() {
    return false;
  }

  @Override
  public void keepReservations(boolean keeps, UUID host, IntConsumer answer) {
    answer.accept(NvmeStatus.INVALID_FIELD | NvmeStatus.DO_NOT_RETRY);
  }

  @Override
  public Optional<Snapshots> snapshots() {
    return Optional.empty();
  }

  @Override
  public Optional<LbaStatusReports.Place> place() {
    return Optional.empty();
  }

  @Override
  public void runBlocking(Runnable task) {
    target.runBlocking(task);
  }

  @Override
  public boolean hasIo() {
    return false;
  }
}
