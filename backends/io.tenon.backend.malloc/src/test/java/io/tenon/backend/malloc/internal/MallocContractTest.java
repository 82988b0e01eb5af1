package io.tenon.backend.malloc.internal;

import io.tenon.block.DeviceProvider;
import io.tenon.block.testing.BlockDeviceContract;
import io.tenon.block.testing.TestReactors;

class MallocContractTest extends BlockDeviceContract {
  @Override
  protected DeviceProvider provider(TestReactors reactors) {
    return new MallocProvider();
  }

  @Override
  protected String uri(String name, int blockBytes) {
    return "malloc:///%s?size_mb=8&blk_size=%d".formatted(name, blockBytes);
  }

  @Override
  protected boolean outlivesClosing() {
    return false;
  }
}
