package io.tenon.backend.aio.internal;

import io.tenon.block.DeviceProvider;
import io.tenon.block.testing.DiskContract;
import io.tenon.reactor.Reactors;

class AioContractTest extends DiskContract {
  @Override
  protected String scheme() {
    return "aio";
  }

  @Override
  protected DeviceProvider provider(Reactors reactors) {
    return new AioProvider(reactors);
  }

  @Override
  protected void stopProvider(DeviceProvider used) {
    ((AioProvider) used).close();
  }
}
