package io.tenon.transport.nvmetcp.internal.initiator;

/** The same with header and data digests. */
class RemoteDigestsContractTest extends RemoteContractTest {
  @Override
  protected String parameters() {
    return "&hdgst=true&ddgst=true";
  }
}
