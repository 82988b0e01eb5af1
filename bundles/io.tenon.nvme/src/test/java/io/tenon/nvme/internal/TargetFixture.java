package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.block.DeviceSlot;
import io.tenon.block.testing.TestReactors;
import io.tenon.nvme.Feature;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.internal.reservation.ReservationStore;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A target with one scripted device, and hosts: admin queues live on one reactor, I/O queues on another. */
abstract class TargetFixture {
  TestReactors reactors;
  Target target;
  ScriptedDevice device;
  Subsystem subsystem;

  /** The last admin queue of {@link #ioQueue}. */
  TestHost admin;

  @BeforeEach
  void startTarget() throws Exception {
    reactors = TestReactors.start(2);
    target = new Target("30,40,50", 4, "1.2.3", reservationStore(), Thread.ofVirtual()::start);
    device = new ScriptedDevice("scripted");
    subsystem = target.share(new DeviceSlot(device, "scripted:///scripted"), options());
  }

  @AfterEach
  void stopTarget() throws Exception {
    device.letGo();
    target.close();
    reactors.close();
    var wrong = List.copyOf(TestHost.wrong);
    TestHost.wrong.clear();
    assertEquals(List.of(), wrong);
  }

  ShareOptions options() {
    var any = ShareOptions.anyHost();
    return new ShareOptions(
        Set.of(), any.minControllerId(), any.maxControllerId(), true, any.origin());
  }

  ReservationStore reservationStore() {
    return ReservationStore.NONE;
  }

  TestHost admin() {
    var host = new TestHost(target, reactors.get(0));
    TestHost.enable(host, subsystem.nqn());
    return host;
  }

  TestHost ioQueue() {
    admin = new TestHost(target, reactors.get(0));
    int controller = TestHost.enable(admin, subsystem.nqn());
    var io = new TestHost(target, reactors.get(1));
    assertEquals(0, io.connect(subsystem.nqn(), TestHost.HOST_NQN, 1, controller, 0).status());
    return io;
  }

  static int code(TestHost.Command command) {
    return NvmeStatus.code(command.status());
  }

  static void enableEvents(TestHost admin) {
    int bits = IdentifyController.EVENT_NAMESPACE | IdentifyController.EVENT_ANA;
    assertEquals(0, admin.setFeature(Feature.ASYNC_EVENTS, bits).status());
  }

  static TestHost.Command awaitEvent(TestHost admin) {
    return admin.send(admin.command(Opcode.ASYNC_EVENT_REQUEST, 0, _ -> {}));
  }

  /** Everything that was sent to this reactor before has been done. */
  void settle() {
    for (int round = 0; round < 4; round++) {
      TestReactors.run(reactors.get(0), () -> {});
      TestReactors.run(reactors.get(1), () -> {});
    }
  }
}
