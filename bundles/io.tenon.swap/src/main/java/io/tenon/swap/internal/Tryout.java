package io.tenon.swap.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceOwner;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceTrials.Trial;
import io.tenon.error.TenonException;
import io.tenon.nvme.ConnectionOwner;
import io.tenon.nvme.NvmeTarget.ControllerInfo;
import io.tenon.nvme.NvmeTarget.Subsystem;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.osgi.framework.Bundle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way of a device, or of its hosts' connections, to a bundle that is there for it alone, and back. */
sealed interface Tryout extends AutoCloseable {
  /**
   * For a device of {@code old}.
   *
   * @param bundle that shall try it; installed, and not started yet
   */
  static Tryout of(DeviceSlot device, Bundle old, Bundle bundle, Surroundings node) {
    var own = Footprint.owner(old, node).filter(one -> one.has(device));
    if (own.isPresent()) {
      return new OfOwner(device, own.get(), () -> Footprint.owner(bundle, node));
    }
    // Also of a transport: its other end would provide its scheme for everybody.
    var trial = node.trials().announce(bundle.getSymbolicName(), device);
    var shared = Shares.of(device, node);
    boolean opened = Footprint.of(old, node).isOfSchemes(device);
    if (opened || shared.isEmpty() || Footprint.connections(old, node).isEmpty()) {
      return new OfBackend(trial);
    }
    return new OfTransport(
        shared.get(),
        trial,
        () -> Footprint.connections(old, node),
        () -> Footprint.connections(bundle, node));
  }

  /**
   * Takes the device from whom all others have, and gives it to the bundle, which has started.
   *
   * @throws DeviceException when it stays where it is, and this can be tried again
   * @throws TenonException when it stays where it is
   */
  void begin() throws TenonException;

  /** The device is the bundle's now. */
  boolean isServing();

  /** What is wrong though the device itself is not; a sentence. */
  default Optional<String> lacks() {
    return Optional.empty();
  }

  /** The bundle is not there any more. */
  void bundleHasGone();

  @Override
  void close();

  /** Of a backend: the registry moves the device, there and back. */
  record OfBackend(Trial trial) implements Tryout {
    @Override
    public void begin() throws DeviceException {
      trial.begin();
    }

    @Override
    public boolean isServing() {
      return trial.isServing();
    }

    @Override
    public void bundleHasGone() {}

    @Override
    public void close() {
      trial.close();
    }
  }

  /**
   * Of a service that has made the device: the one lends it to the other.
   *
   * @param other of the bundle that tries it, once there is one
   */
  record OfOwner(DeviceSlot device, DeviceOwner own, Supplier<Optional<DeviceOwner>> other)
      implements Tryout {
    @Override
    public void begin() throws DeviceException {
      var to = other.get();
      if (to.isEmpty()) {
        throw new DeviceException(
            DeviceException.Kind.UNSUPPORTED,
            "Block device " + device.name() + " stays where it is.",
            "The new bundle offers nobody to take it.",
            "Give one that does.");
      }
      own.lend(device, to.get());
    }

    @Override
    public boolean isServing() {
      return other.get().filter(one -> one.has(device)).isPresent();
    }

    @Override
    public void bundleHasGone() {
      own.takeUp(device);
    }

    @Override
    public void close() {}
  }

  /**
   * Of a transport: the connections of one subsystem's hosts are lent. The device stays where it is, and so what the new bundle does to its I/O is seen
   * by what reaches it.
   */
  final class OfTransport implements Tryout {
    private static final Logger log = LoggerFactory.getLogger(SwapService.class);

    /** A device that did less does not tell whether its I/O is kept from it. */
    private static final long BUSY_PER_SECOND = 100;

    private static final long FEWEST = 10;

    private final Subsystem subsystem;
    private final Trial announced;
    private final Supplier<Optional<ConnectionOwner>> own;
    private final Supplier<Optional<ConnectionOwner>> other;
    private final long endedAtFirst;
    private final long firstNs = System.nanoTime();
    private List<ControllerInfo> controllers = List.of();
    private boolean wasBusy;
    private long seen;
    private long seenNs;
    private volatile boolean asked;
    private volatile boolean serving;

    /**
     * @param announced keeps everybody else from the new bundle
     * @param own of the bundle that has the port, as it is now
     * @param other of the bundle that tries it, once there is one
     */
    OfTransport(
        Subsystem subsystem,
        Trial announced,
        Supplier<Optional<ConnectionOwner>> own,
        Supplier<Optional<ConnectionOwner>> other) {
      this.subsystem = subsystem;
      this.announced = announced;
      this.own = own;
      this.other = other;
      endedAtFirst = Watched.ended(subsystem.device());
    }

    @Override
    public void begin() throws TenonException {
      var from = own.get();
      var to = other.get();
      if (from.isEmpty() || to.isEmpty()) {
        throw new DeviceException(
            DeviceException.Kind.UNSUPPORTED,
            "The connections of " + subsystem.nqn() + " stay where they are.",
            "The " + (to.isEmpty() ? "new" : "old") + " bundle offers nobody to serve them.",
            "Give one that does.");
      }
      synchronized (this) {
        controllers = subsystem.controllers();
        long did = Watched.ended(subsystem.device()) - endedAtFirst;
        long tookNs = System.nanoTime() - firstNs;
        wasBusy = did >= FEWEST && did * TimeUnit.SECONDS.toNanos(1) / tookNs >= BUSY_PER_SECOND;
      }
      asked = true;
      from.get().lend(subsystem.nqn(), to.get());
      synchronized (this) {
        seen = Watched.ended(subsystem.device());
        seenNs = System.nanoTime();
      }
      serving = true;
    }

    @Override
    public boolean isServing() {
      return serving;
    }

    @Override
    public synchronized Optional<String> lacks() {
      for (ControllerInfo before : controllers) {
        if (subsystem.controllers().stream().noneMatch(now -> isWhole(before, now))) {
          return Optional.of(
              "Connections of host " + before.hostNqn() + " at " + before.peer() + " were broken.");
        }
      }
      return isStarved()
          ? Optional.of("I/O of its hosts does not reach it any more.")
          : Optional.empty();
    }

    private static boolean isWhole(ControllerInfo before, ControllerInfo now) {
      return now.id() == before.id()
          && now.peer().equals(before.peer())
          && now.queues() >= before.queues();
    }

    /** It did much I/O before, and does none now. */
    private boolean isStarved() {
      long ended = Watched.ended(subsystem.device());
      long nowNs = System.nanoTime();
      if (ended != seen) {
        seen = ended;
        seenNs = nowNs;
      }
      return wasBusy && nowNs - seenNs > Watched.SILENCE_NS;
    }

    @Override
    public void bundleHasGone() {
      if (!asked) return;
      synchronized (this) {
        wasBusy = false; // from now on it is not the new bundle's doing
      }
      try {
        var back = own.get();
        // Without one, the next one of its kind finds them left.
        if (back.isPresent()) back.get().takeUp(subsystem.nqn());
      } catch (TenonException e) {
        log.error("{}: {}", subsystem.nqn(), e.getMessage(), e);
      }
    }

    @Override
    public void close() {
      announced.close();
    }
  }
}
