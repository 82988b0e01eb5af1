package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.DeviceProvider;
import io.tenon.block.testing.BlockDeviceContract;
import io.tenon.block.testing.TestReactors;
import io.tenon.transport.nvmetcp.internal.target.TargetNode;
import java.util.Map;

/** The initiator against the real target, over loopback: host and target share the reactors. */
class RemoteContractTest extends BlockDeviceContract {
  private TargetNode node;

  /** Parameters added to each URI. */
  protected String parameters() {
    return "";
  }

  @Override
  protected DeviceProvider provider(TestReactors reactors) throws Exception {
    node = new TargetNode(reactors.reactors(), 32);
    return new RemoteProvider(
        reactors.reactors(), TestInitiatorConfig.options(Map.of("io_timeout", "30s")));
  }

  @Override
  protected void stopProvider(DeviceProvider used) {
    if (used instanceof RemoteProvider provider) provider.close();
    node.close();
  }

  @Override
  protected String uri(String name, int blockBytes) throws Exception {
    String uuid = name.equals("uuid") ? "&uuid=5c0ffee0-0000-4000-8000-00000000abcd" : "";
    return node.uri("malloc:///%s?size_mb=8&blk_size=%d%s".formatted(name, blockBytes, uuid))
        + parameters();
  }

  @Override
  protected boolean refusesUnknownParameters() {
    return false;
  }

  /** System calls are fewer than requests, and only what runs often is compiled to where it allocates nothing. */
  @Override
  protected int steadyRequests() {
    return 300_000;
  }
}
