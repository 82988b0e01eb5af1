package io.tenon.bench.local;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.testing.TestReactors;
import io.tenon.reactor.Reactors;

/** Devices of backends, found by the name of their class, for nobody imports backends. */
final class Backends {
  private Backends() {}

  static BlockDevice open(String uri, Reactors reactors)
      throws ReflectiveOperationException, DeviceException {
    var parsed = DeviceUri.parse(uri);
    return provider(parsed.scheme(), reactors).open(parsed);
  }

  static DeviceSlot slot(String uri, Reactors reactors)
      throws ReflectiveOperationException, DeviceException {
    return new DeviceSlot(open(uri, reactors), uri);
  }

  /** Closes the device inside; its channels are closed already. */
  static void close(DeviceSlot slot) {
    TestReactors.await(slot.fail("The bench ends.").toCompletableFuture());
  }

  private static DeviceProvider provider(String scheme, Reactors reactors)
      throws ReflectiveOperationException {
    String bundle = scheme.equals("null") ? "nil" : scheme;
    String name = Character.toUpperCase(scheme.charAt(0)) + scheme.substring(1) + "Provider";
    var type = Class.forName("io.tenon.backend." + bundle + ".internal." + name);
    for (var constructor : type.getConstructors()) {
      if (constructor.getParameterCount() == 1) {
        return (DeviceProvider) constructor.newInstance(reactors);
      }
    }
    return (DeviceProvider) type.getConstructor().newInstance();
  }
}
