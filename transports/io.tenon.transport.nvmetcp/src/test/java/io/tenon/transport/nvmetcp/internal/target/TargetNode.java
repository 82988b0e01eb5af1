package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.nvme.internal.Target;
import io.tenon.reactor.Reactors;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** The real target with devices in memory: a node as far as an initiator sees it. */
public final class TargetNode implements AutoCloseable {
  private final Reactors reactors;
  private final TestTargetConfig config;
  private final Target target;
  private final Map<String, Subsystem> shares = new TreeMap<>();
  private final Map<String, BlockDevice> devices = new TreeMap<>();
  private UnaryOperator<BlockDevice> between = UnaryOperator.identity();
  private TargetPort port;
  private SubsystemLoans loans;

  public TargetNode(Reactors reactors, int queueDepth) throws Exception {
    this(reactors, TestTargetConfig.ofDepth(queueDepth));
  }

  TargetNode(Reactors reactors, TestTargetConfig config) throws Exception {
    this.reactors = reactors;
    this.config = config;
    this.target = new Target("", 64, "test");
    this.port = listen(config);
  }

  private TargetPort listen(TestTargetConfig with) throws Exception {
    int largest = reactors.main().buffers().maxBytes();
    var opened = new TargetPort(reactors, target, TargetOptions.of(with, name -> null, largest));
    target.addTransport(opened);
    loans = new SubsystemLoans(target, opened.hosts());
    return opened;
  }

  public InetSocketAddress address() {
    return port.listening().get(0);
  }

  /** Devices that are shared from now on are what this makes of them. */
  public void between(UnaryOperator<BlockDevice> devices) {
    between = devices;
  }

  /** Shares a device of memory, unless it is shared already. */
  public Subsystem share(String mallocUri) throws Exception {
    var present = shares.get(mallocUri);
    if (present != null) return present;
    var device = between.apply(new MallocProvider().open(DeviceUri.parse(mallocUri)));
    var shared = target.share(new DeviceSlot(device, mallocUri), ShareOptions.anyHost());
    shares.put(mallocUri, shared);
    devices.put(mallocUri, device);
    return shared;
  }

  public void unshare(Subsystem subsystem) {
    shares.values().remove(subsystem);
    target.unshare(subsystem);
  }

  /** Makes the device of {@code mallocUri} as large as {@code resized} says: a rescan. */
  public void resize(String mallocUri, String resized) throws Exception {
    var slot = share(mallocUri).device();
    slot.drain("The test resizes it.").toCompletableFuture().get(20, TimeUnit.SECONDS);
    new MallocProvider().change(DeviceUri.parse(resized), devices.get(mallocUri));
    slot.resume("The test has resized it.");
  }

  /** Where an initiator finds the device; with a query to which parameters can be added. */
  public String uri(String mallocUri) throws Exception {
    var address = address();
    return "nvmf+tcp://%s:%d/%s?test=1"
        .formatted(address.getHostString(), address.getPort(), share(mallocUri).nqn());
  }

  /** Ends all connections at once, as a crash would, and listens no more. */
  public void stop() {
    target.removeTransport(port);
    port.close();
  }

  /** Listens again on the port of before. */
  public void start() throws Exception {
    port = listen(config.at(port.listening().get(0).getPort()));
  }

  /** Another target takes the port and the connections over. */
  public void replace() throws Exception {
    target.removeTransport(port);
    target.handOver(port.leave());
    port = listen(config);
  }

  /** The target goes, and none comes so far; {@link #start} has one come. */
  void leave() {
    target.removeTransport(port);
    target.handOver(port.leave());
  }

  /** Lends the port's connections. */
  SubsystemLoans loans() {
    return loans;
  }

  NvmeTarget model() {
    return target;
  }

  public int connections() {
    return port.connections();
  }

  @Override
  public void close() {
    stop();
    for (Subsystem subsystem : shares.values()) target.unshare(subsystem);
    for (Subsystem subsystem : shares.values()) {
      subsystem.device().fail("The test ends.").toCompletableFuture().join();
    }
  }
}
