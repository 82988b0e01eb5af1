package io.tenon.bench.nvmf;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoChannel;
import io.tenon.block.testing.TestReactors;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.ReactorStats;
import io.tenon.reactor.Reactors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/** The project's own initiator on one reactor: as many connections with one I/O queue each as are asked for. */
final class OwnClient {
  private final Reactor reactor;
  private final DeviceProvider provider;
  private final int port;

  OwnClient(Reactor reactor, int port) throws IOException {
    this.reactor = reactor;
    this.port = port;
    this.provider = provider(new JustOne(reactor));
  }

  private record JustOne(Reactor reactor) implements Reactors {
    @Override
    public List<Reactor> all() {
      return List.of(reactor);
    }

    @Override
    public List<ReactorStats> stats() {
      return List.of();
    }
  }

  /** By its class, for nobody imports transports. */
  private static DeviceProvider provider(Reactors reactors) throws IOException {
    String internal = "io.tenon.transport.nvmetcp.internal.initiator.";
    try {
      var configuration = Class.forName(internal + "InitiatorConfig");
      return Class.forName(internal + "RemoteProvider")
          .asSubclass(DeviceProvider.class)
          .getConstructor(Reactors.class, configuration)
          .newInstance(reactors, TestReactors.defaults(configuration));
    } catch (ReflectiveOperationException e) {
      throw new IOException("no initiator", e);
    }
  }

  List<BlockDevice> connect(int connections) throws IOException {
    var uri = "nvmf+tcp://127.0.0.1:" + port + "/" + TenonNode.NQN;
    var devices = new ArrayList<BlockDevice>();
    try {
      for (int i = 0; i < connections; i++) devices.add(provider.open(DeviceUri.parse(uri)));
      return devices;
    } catch (DeviceException e) {
      devices.forEach(BlockDevice::close);
      throw new IOException(e.getMessage(), e);
    }
  }

  Figures measure(Workload workload, int seconds) throws IOException, InterruptedException {
    var devices = connect(workload.connections());
    var channels = new ArrayList<IoChannel>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var pumps = new ArrayList<Pump>();
      for (BlockDevice device : devices) {
        IoChannel channel = TestReactors.on(reactor, () -> device.channel(reactor));
        channels.add(channel);
        pumps.add(
            new Pump(
                reactor,
                channel,
                device.geometry(),
                workload,
                Math.max(1, workload.depth() / workload.connections()),
                TimeUnit.SECONDS.toNanos(seconds)));
      }
      for (var ended :
          threads.invokeAll(pumps.stream().map(pump -> Executors.callable(pump::run)).toList())) {
        ended.resultNow();
      }
      long[] samples =
          pumps.stream().flatMapToLong(each -> LongStream.of(each.samplesNs())).toArray();
      long longest = pumps.stream().mapToLong(Pump::tookNs).max().orElseThrow();
      return Figures.of(samples, longest);
    } finally {
      for (IoChannel channel : channels) TestReactors.run(reactor, channel::close);
      devices.forEach(BlockDevice::close);
    }
  }

  static Contestant contestant(TenonNode node, OwnClient client) {
    return new Contestant() {
      @Override
      public String name() {
        return "tenon-node, its own initiator";
      }

      @Override
      public Figures measure(Workload workload, int seconds)
          throws IOException, InterruptedException {
        return client.measure(workload, seconds);
      }

      @Override
      public void close() throws IOException {
        node.close();
      }
    };
  }
}
