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

  static DeviceProvider provider(String scheme, Reactors reactors)
      throws ReflectiveOperationException {
    var type = Class.forName(className(scheme));
    for (var constructor : type.getConstructors()) {
      var parameters = constructor.getParameterTypes();
      if (parameters.length == 0) continue;
      var arguments = new Object[parameters.length];
      for (int i = 0; i < parameters.length; i++) {
        arguments[i] = i == 0 ? reactors : TestReactors.defaults(parameters[i]);
      }
      return (DeviceProvider) constructor.newInstance(arguments);
    }
    return (DeviceProvider) type.getConstructor().newInstance();
  }

  private static String className(String scheme) {
    if (scheme.startsWith("nvmf")) {
      return "io.tenon.transport.nvmetcp.internal.initiator.RemoteProvider";
    }
    String bundle = scheme.equals("null") ? "nil" : scheme;
    String name = Character.toUpperCase(scheme.charAt(0)) + scheme.substring(1) + "Provider";
    return "io.tenon.backend." + bundle + ".internal." + name;
  }
}
