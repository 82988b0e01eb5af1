package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.DeviceProvider;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimThreads;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** The initiator of a simulated node. */
public final class SimulatedInitiator {
  private static final long GIVE_UP_MS = 400;

  private SimulatedInitiator() {}

  /** Time-outs are short, so that seeds are. */
  public static DeviceProvider on(
      SimReactors node, SimThreads threads, int number, long ioTimeoutMs) {
    return on(node, threads, number, ioTimeoutMs, GIVE_UP_MS);
  }

  /**
   * @param giveUpMs a connection that is away for so long is lost for good
   */
  public static DeviceProvider on(
      SimReactors node, SimThreads threads, int number, long ioTimeoutMs, long giveUpMs) {
    var options =
        new InitiatorOptions(
            TimeUnit.MILLISECONDS.toNanos(ioTimeoutMs),
            TimeUnit.MILLISECONDS.toNanos(60),
            200,
            TimeUnit.MILLISECONDS.toNanos(40),
            0,
            giveUpMs,
            2,
            50,
            32,
            "nqn.2019-05.io.openebs:node" + number,
            new UUID(3, number));
    return new RemoteProvider(node, options, new InVirtualTime(node, threads));
  }

  private record InVirtualTime(SimReactors node, SimThreads threads) implements Background {
    @Override
    public Thread thread(String name, Runnable task) {
      var thread = threads.factory().newThread(task);
      thread.setName(name);
      return thread;
    }

    @Override
    public void sleep(long ms) throws InterruptedException {
      threads.sleep(ms);
    }

    @Override
    public long nowNs() {
      return node.main().nowNs();
    }
  }
}
