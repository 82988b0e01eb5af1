package io.tenon.transport.nvmetcp.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.error.Check;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.ParkedConnection;
import io.tenon.nvme.QueueTransport;
import io.tenon.nvme.SubsystemHandover;
import io.tenon.nvme.TargetException;
import io.tenon.nvme.TransportHandover;
import io.tenon.reactor.Reactor;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Stands before a target and watches that a transport keeps to the order of calls that {@link NvmeCommand} states. */
public final class StrictTarget implements NvmeTarget {
  private static final int PAGE_BYTES = 4096;

  private final NvmeTarget target;
  private final Queue<String> faults = new ConcurrentLinkedQueue<>();
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger queues = new AtomicInteger();
  private final AtomicInteger begun = new AtomicInteger();

  public StrictTarget(NvmeTarget target) {
    this.target = target;
  }

  /** What was not as it should be; empty when all was. */
  public List<String> faults() {
    return List.copyOf(faults);
  }

  /** Commands begun and not ended. */
  public int open() {
    return open.get();
  }

  public int begun() {
    return begun.get();
  }

  /** Connections that were not told to be over. */
  public int queues() {
    return queues.get();
  }

  private enum Step {
    BEGUN,
    EXECUTED
  }

  /** One connection; its reactor only. */
  private final class Watched implements NvmeQueue {
    private final NvmeQueue queue;
    private final QueueTransport connection;
    private final Reactor reactor;
    private final IdentityHashMap<NvmeCommand, Step> steps = new IdentityHashMap<>();
    private boolean gone;

    Watched(NvmeQueue queue, QueueTransport connection, Reactor reactor) {
      this.queue = queue;
      this.connection = connection;
      this.reactor = reactor;
    }

    private void expect(boolean holds, String what) {
      if (!holds) faults.add(what);
    }

    @Override
    public void begin(NvmeCommand command) {
      expect(reactor.isCurrent(), "begun on another reactor");
      expect(!gone, "begun on a connection that is over");
      expect(steps.put(command, Step.BEGUN) == null, "begun before it was ended");
      expect(steps.size() <= Math.max(1, queue.depth()), "more commands than entries");
      open.incrementAndGet();
      begun.incrementAndGet();
      queue.begin(command);
    }

    @Override
    public void execute(NvmeCommand command) {
      expect(steps.put(command, Step.EXECUTED) == Step.BEGUN, "executed, but not just begun");
      boolean moves = command.transferBytes() > 0;
      boolean lends = command.transfer() == NvmeCommand.Transfer.OUT && command.mayLend();
      long address = command.dataAddress();
      if (moves && !lends) expect(address != 0, "executed without memory");
      if (address != 0 && !queue.consumesInline()) {
        expect(address % PAGE_BYTES == 0, "memory is not aligned");
      }
      queue.execute(command);
    }

    @Override
    public void end(NvmeCommand command) {
      expect(reactor.isCurrent(), "ended on another reactor");
      Step last = steps.remove(command);
      expect(last != null, "ended, but not begun");
      expect(last == Step.EXECUTED || gone || command.isDataInCapsule(), "ended, but not executed");
      expect(!command.isLent(), "ended while memory is lent");
      open.decrementAndGet();
      queue.end(command);
    }

    @Override
    public boolean consumesInline() {
      return queue.consumesInline();
    }

    @Override
    public int depth() {
      return queue.depth();
    }

    @Override
    public int queueId() {
      return queue.queueId();
    }

    @Override
    public String nqn() {
      return queue.nqn();
    }

    @Override
    public void disconnected(String reason) {
      expect(reactor.isCurrent(), "disconnected on another reactor");
      expect(!reason.isEmpty(), "disconnected without a reason");
      if (!gone) queues.decrementAndGet();
      gone = true;
      queue.disconnected(reason);
    }

    @Override
    public QueueTransport transport() {
      return queue.transport();
    }

    @Override
    public void transport(QueueTransport successor) {
      expect(reactor.isCurrent(), "parked or adopted on another reactor");
      expect(
          !(successor instanceof ParkedConnection) || steps.isEmpty(),
          "parked with commands under way");
      queue.transport(successor);
    }

    @Override
    public boolean awaitsCapsule() {
      return queue.awaitsCapsule();
    }

    @Override
    public int restingCommands() {
      return queue.restingCommands();
    }

    @Override
    public void recall(Consumer<NvmeCommand> resting) {
      queue.recall(resting);
    }

    @Override
    public String toString() {
      return "queue of " + connection.peer();
    }
  }

  @Override
  public NvmeQueue accept(QueueTransport connection, Reactor reactor) {
    Check.that(reactor.isCurrent(), "accepted on another reactor");
    queues.incrementAndGet();
    return new Watched(target.accept(connection, reactor), connection, reactor);
  }

  @Override
  public void handOver(TransportHandover left) {
    target.handOver(left);
  }

  @Override
  public Optional<TransportHandover> takeOver(String uriScheme) {
    return target.takeOver(uriScheme);
  }

  @Override
  public void handOver(SubsystemHandover left) {
    target.handOver(left);
  }

  @Override
  public Optional<SubsystemHandover> takeOver(String uriScheme, String nqn) {
    return target.takeOver(uriScheme, nqn);
  }

  @Override
  public List<Handover> handovers() {
    return target.handovers();
  }

  @Override
  public Subsystem share(DeviceSlot device, ShareOptions options) throws TargetException {
    return target.share(device, options);
  }

  @Override
  public void unshare(Subsystem subsystem) {
    target.unshare(subsystem);
  }

  @Override
  public boolean wasReserved(DeviceSlot device) {
    return target.wasReserved(device);
  }

  @Override
  public void forgetReservations(Path kept) throws TargetException {
    target.forgetReservations(kept);
  }

  @Override
  public List<Subsystem> subsystems() {
    return target.subsystems();
  }

  @Override
  public Optional<Subsystem> find(String nqn) {
    return target.find(nqn);
  }

  @Override
  public List<String> shareUris(Subsystem subsystem) {
    return target.shareUris(subsystem);
  }
}
