package io.tenon.devices.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceTrials.Trial;
import io.tenon.block.SlotState;
import io.tenon.devices.internal.Providers.Source;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Bundles that are there for one device alone, by their symbolic names. Any thread. */
final class Trials {
  private final Providers providers;
  private final Map<String, String> devices = new ConcurrentHashMap<>();

  Trials(Providers providers) {
    this.providers = providers;
  }

  /** The one that whatever this bundle provides is for. */
  Optional<String> deviceOf(String bundle) {
    return Optional.ofNullable(devices.get(bundle));
  }

  /**
   * @param listed the device's entry, while there is one
   * @param move takes the device from its backend
   */
  Trial announce(
      String bundle, DeviceSlot device, Supplier<Optional<Entry>> listed, Consumer<Entry> move) {
    devices.put(bundle, device.name());
    return new Trial() {
      private Optional<Source> source() {
        return listed
            .get()
            .flatMap(Entry::uri)
            .flatMap(uri -> providers.findOnlyFor(uri.scheme(), device.name()))
            .filter(source -> source.bundle().equals(bundle));
      }

      @Override
      public void begin() throws DeviceException {
        var entry = listed.get().orElseThrow(() -> DeviceException.notFound(device.name()));
        if (source().isEmpty()) {
          throw new DeviceException(
              Kind.UNKNOWN_SCHEME,
              "Block device " + device.name() + " stays with its backend.",
              "Bundle " + bundle + " does not provide its scheme.",
              "Give one that does.");
        }
        if (device.state() != SlotState.READY) {
          throw new DeviceException(
              Kind.IN_USE,
              "Block device " + device.name() + " stays as it is.",
              "It is " + device.state() + ": " + device.status().reason(),
              "Try again when it is READY.");
        }
        move.accept(entry);
      }

      @Override
      public boolean isServing() {
        var source = source();
        return source.isPresent() && listed.get().filter(it -> it.isFrom(source.get())).isPresent();
      }

      @Override
      public void close() {
        devices.remove(bundle, device.name());
      }
    };
  }
}
