package io.tenon.swap.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceOwner;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceTrials.Trial;
import java.util.Optional;
import java.util.function.Supplier;
import org.osgi.framework.Bundle;

/** A device's way to a bundle that is there for it alone, and back. */
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
    return new OfBackend(node.trials().announce(bundle.getSymbolicName(), device));
  }

  /**
   * Takes the device from whom all others have, and gives it to the bundle, which has started.
   *
   * @throws DeviceException when it stays where it is
   */
  void begin() throws DeviceException;

  /** The device is the bundle's now. */
  boolean isServing();

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
}
