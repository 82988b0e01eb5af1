package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.DeviceProvider;
import io.tenon.reactor.Reactors;
import java.util.Map;

/** The initiator, for tests in other packages. */
public final class InitiatorForTests {
  private InitiatorForTests() {}

  public static DeviceProvider open(Reactors reactors) {
    return new RemoteProvider(reactors, TestInitiatorConfig.options(Map.of("io_timeout", "30s")));
  }

  public static void close(DeviceProvider opened) {
    if (opened instanceof RemoteProvider provider) provider.close();
  }
}
