package io.tenon.bench.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.testing.TestReactors;
import io.tenon.error.TenonException;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.RebuildInfo;
import io.tenon.nexus.internal.NexusService;
import io.tenon.nvme.internal.Target;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A nexus in this process, over any children; nobody shares it. */
final class BenchNexus implements AutoCloseable {
  private static final int CONTROLLERS = 16;
  private static final long LOOK_AGAIN_NS = 1_000_000;
  private static final long PATIENCE_NS = TimeUnit.MINUTES.toNanos(5);

  private final TestReactors reactors;
  private final BenchDevices devices;
  private final Nexus nexus;

  BenchNexus(TestReactors reactors, long bytes, List<String> children) throws TenonException {
    this.reactors = reactors;
    devices = new BenchDevices(reactors.reactors());
    var service =
        new NexusService(devices, new Target("", CONTROLLERS, "bench"), reactors.reactors());
    nexus =
        service.create(
            new NexusSpec(
                "bench",
                UUID.nameUUIDFromBytes("bench".getBytes(UTF_8)),
                bytes,
                children,
                1,
                2,
                NexusSpec.ReadPolicy.LOCAL_FIRST));
  }

  Nexus nexus() {
    return nexus;
  }

  DeviceSlot device() {
    return nexus.device();
  }

  /** The child's own device, for a look past the nexus. */
  DeviceSlot child(String uri) {
    return devices.find(uri).orElseThrow();
  }

  IoChannel channel(DeviceSlot device) {
    var reactor = reactors.get(0);
    return TestReactors.on(reactor, () -> device.channel(reactor));
  }

  void close(IoChannel channel) {
    TestReactors.run(reactors.get(0), channel::close);
  }

  boolean isComplete(String child) {
    return nexus.children().stream()
        .anyMatch(one -> one.uri().equals(child) && one.state() == ChildState.OPEN);
  }

  /** Until the child holds all data. */
  void awaitComplete(String child) {
    long deadlineNs = System.nanoTime() + PATIENCE_NS;
    while (!isComplete(child)) {
      if (System.nanoTime() > deadlineNs)
        throw new AssertionError("not rebuilt: " + nexus.rebuilds());
      LockSupport.parkNanos(LOOK_AGAIN_NS);
    }
  }

  /** Of the last rebuild that has ended. */
  RebuildInfo lastRebuild() {
    return nexus.rebuildHistory().getFirst();
  }

  @Override
  public void close() throws Exception {
    nexus.destroy();
    for (DeviceSlot slot : devices.all()) devices.destroy(slot);
  }
}
