package io.tenon.backend.uring.internal;

import io.tenon.block.DeviceProvider;
import io.tenon.block.testing.DiskContract;
import io.tenon.reactor.Reactors;

class UringContractTest extends DiskContract {
  @Override
  protected String scheme() {
    return "uring";
  }

  @Override
  protected DeviceProvider provider(Reactors reactors) {
    return new UringProvider(reactors);
  }

  @Override
  protected void stopProvider(DeviceProvider used) {
    ((UringProvider) used).close();
  }
}
