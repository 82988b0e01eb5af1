package io.tenon.devices.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceChanges;
import io.tenon.block.DeviceProvider;
import io.tenon.devices.internal.Providers.Source;
import java.util.List;

/** The real registry of block devices, without OSGi. */
public final class RegistryForTests implements AutoCloseable {
  private static final long DEADLINE_MS = 5_000;

  private final DeviceRegistry registry = new DeviceRegistry(DEADLINE_MS, DEADLINE_MS);

  public BlockDevices devices() {
    return registry;
  }

  public DeviceChanges changes() {
    return registry;
  }

  public void add(DeviceProvider provider, String scheme) {
    registry.add(new Source(provider, List.of(scheme), 0, "of the test", "1"));
  }

  @Override
  public void close() {
    registry.close();
  }
}
