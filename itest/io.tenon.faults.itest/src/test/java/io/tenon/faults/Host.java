package io.tenon.faults;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.error.TenonException;
import io.tenon.reactor.Reactor;
import io.tenon.transport.nvmetcp.internal.initiator.InitiatorConfig;
import io.tenon.transport.nvmetcp.internal.initiator.RemoteProvider;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A host that uses what nodes share: the project's initiator, in the process of the test. */
final class Host implements AutoCloseable {
  /** Longer than anything that a nexus may need: what a host sees then is an answer and not its own impatience. */
  private static final String IO_TIMEOUT = "25s";

  /** Two queues to each node, and two reactors in each: what one does to a child, the other must know of. */
  static final int REACTORS = Math.min(2, Runtime.getRuntime().availableProcessors());

  private final TestReactors reactors;
  private final RemoteProvider initiator;
  private final List<BlockDevice> devices = new ArrayList<>();
  private final Queue<String> interruptions = new ConcurrentLinkedQueue<>();

  private Host(TestReactors reactors) {
    this.reactors = reactors;
    var config =
        (InitiatorConfig)
            Proxy.newProxyInstance(
                InitiatorConfig.class.getClassLoader(),
                new Class<?>[] {InitiatorConfig.class},
                (_, method, _) ->
                    switch (method.getName()) {
                      case "io_timeout" -> IO_TIMEOUT;
                      // A target that is back is found at once, and waited for however long it
                      // takes.
                      case "reconnect_delay_ms" -> 100L;
                      case "reconnect_max_delay_ms" -> 500L;
                      case "give_up_ms" -> 0L;
                      default -> method.getDefaultValue();
                    });
    initiator = new RemoteProvider(reactors.reactors(), config);
  }

  static Host start() throws TenonException {
    return new Host(TestReactors.start(REACTORS));
  }

  List<Reactor> allReactors() {
    return reactors.reactors().all();
  }

  Reactor reactor() {
    return reactors.get(0);
  }

  /** Connects to a share. */
  BlockDevice open(String uri) throws DeviceException {
    BlockDevice device = initiator.open(DeviceUri.parse(uri));
    devices.add(device);
    device.listener(
        new DeviceListener() {
          @Override
          public void interrupted(IoStatus how, String reason) {
            interruptions.add(uri + ": " + reason);
          }

          @Override
          public void lost(String reason) {
            interruptions.add(uri + ": " + reason);
          }
        });
    return device;
  }

  /** Disconnects. */
  void close(BlockDevice device) {
    devices.remove(device);
    device.close();
  }

  /** Connections that broke. */
  List<String> interruptions() {
    return List.copyOf(interruptions);
  }

  @Override
  public void close() throws InterruptedException {
    for (BlockDevice device : devices) device.close();
    reactors.close();
  }
}
