package io.tenon.transport.nvmetcp.internal;

import io.tenon.block.DeviceProvider;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.Transport;
import io.tenon.reactor.Reactors;
import io.tenon.transport.nvmetcp.internal.initiator.InitiatorForTests;
import io.tenon.transport.nvmetcp.internal.target.TargetForTests;

class NvmeTcpContractTest extends TransportContract {
  @Override
  protected Transport open(Reactors with, NvmeTarget model) throws Exception {
    return TargetForTests.open(with, model);
  }

  @Override
  protected void close(Transport opened) {
    TargetForTests.close(opened);
  }

  @Override
  protected DeviceProvider host(Reactors with) {
    return InitiatorForTests.open(with);
  }

  @Override
  protected void close(DeviceProvider opened) {
    InitiatorForTests.close(opened);
  }
}
