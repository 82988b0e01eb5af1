package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.TestReactors;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Property;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HostListTest extends TargetFixture {
  private static final String A = "nqn.2014-08.org.example:a";
  private static final String B = "nqn.2014-08.org.example:b";

  private TestHost.Command connect(TestHost host, String nqn) {
    return host.connect(subsystem.nqn(), nqn, 0, ConnectData.DYNAMIC_CONTROLLER, 0);
  }

  private TestHost connected(String nqn) {
    var host = new TestHost(target, reactors.get(0));
    assertEquals(0, connect(host, nqn).status());
    host.property(Property.CC, Property.CC_ENTRY_SIZES | Property.CC_ENABLE);
    return host;
  }

  @Test
  void aHostThatIsTakenOffTheListIsDisconnectedWithAllItsQueues() {
    subsystem.hosts(Set.of(A, B));
    var a = connected(A);
    int controller = subsystem.controllers().getFirst().id();
    var io = new TestHost(target, reactors.get(1));
    assertEquals(0, io.connect(subsystem.nqn(), A, 1, controller, 0).status());
    device.hold();
    var write = io.send(io.io(Opcode.WRITE, 0, 1, 0));
    var b = connected(B);
    subsystem.hosts(Set.of(B));
    assertTrue(TestReactors.await(a.disconnected).contains("not allowed"));
    TestReactors.await(io.disconnected);
    device.letGo();
    TestReactors.await(write.answered);
    settle();
    assertFalse(b.disconnected.isDone());
    assertEquals(1, subsystem.controllers().size());
    assertEquals(B, subsystem.controllers().getFirst().hostNqn());
    var back = new TestHost(target, reactors.get(0));
    assertEquals(NvmeStatus.CONNECT_INVALID_HOST, code(connect(back, A)));
  }

  @Test
  void aHostFromBeforeThereWasAListStays() {
    var a = connected(A);
    subsystem.hosts(Set.of(B));
    settle();
    assertFalse(a.disconnected.isDone());
    connected(B);
    var back = new TestHost(target, reactors.get(0));
    assertEquals(NvmeStatus.CONNECT_INVALID_HOST, code(connect(back, A)));
  }

  @Test
  void anEmptyListLetsAnyHostIn() {
    subsystem.hosts(Set.of(A));
    var a = connected(A);
    subsystem.hosts(Set.of());
    connected(B);
    settle();
    assertFalse(a.disconnected.isDone());
  }
}
