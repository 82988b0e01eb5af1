package io.tenon.engine.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractBlockingStub;
import io.tenon.backend.aio.internal.AioProvider;
import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.backend.nil.internal.NullProvider;
import io.tenon.blobstore.internal.BlobstoreService;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceProvider;
import io.tenon.block.testing.TestReactors;
import io.tenon.devices.internal.RegistryForTests;
import io.tenon.engine.api.BdevRpcGrpc;
import io.tenon.engine.api.HostRpcGrpc;
import io.tenon.engine.api.NexusRpcGrpc;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.embedded.internal.StoreForTests;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.Nexuses;
import io.tenon.nvme.InitiatorControllers;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.internal.Target;
import io.tenon.nvme.testing.SilentTarget;
import io.tenon.pool.Pool;
import io.tenon.pool.Pools;
import io.tenon.pool.SnapshotRebuilds;
import io.tenon.pool.internal.PoolConfig;
import io.tenon.pool.internal.PoolService;
import io.tenon.pool.internal.SnapshotRebuildService;
import io.tenon.reactor.Reactor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.function.Executable;
import org.osgi.framework.Version;

/**
 * A node without OSGi: the engine over the real registry, target and nexuses, behind a gRPC server on a port of its own, with
 * a client. Only the transport is a word: it says where it listens, and does not.
 */
final class TestNode implements AutoCloseable {
  static final String TARGET = SilentTarget.URI;

  /** No call of a test takes longer, or it hangs. */
  private static final long PATIENCE_SECONDS = 20;

  static final long PART_WAIT_MS = 3_000;
  static final long PART_GRACE_MS = 1_000;

  final MovingPart<Nexuses> nexusPart =
      new MovingPart<>(Nexuses.class, "The service of nexuses", PART_GRACE_MS);
  final MovingPart<Pools> poolPart =
      new MovingPart<>(Pools.class, "The service of pools", PART_GRACE_MS);
  private final MovingPart<SnapshotRebuilds> rebuildPart =
      new MovingPart<>(SnapshotRebuilds.class, "The service of snapshot rebuilds", PART_GRACE_MS);

  final List<InitiatorControllers> initiators = new CopyOnWriteArrayList<>();
  private final TestReactors reactors;
  private final RegistryForTests registry = new RegistryForTests();
  private final Target target = SilentTarget.open();
  private final StoreForTests store = new StoreForTests();
  private final Nexuses nexuses;
  private final Pools pools;
  private final SnapshotRebuildService snapshotRebuilds;
  private final GrpcListener listener;
  private final ManagedChannel channel;

  /**
   * What differs from node to node.
   *
   * @param root of the files that tell of the machine's disks
   * @param between what the engine sees of the nexuses
   */
  record Parts(Path root, long defaultDeadlineMs, UnaryOperator<Nexuses> between) {
    static final Parts PLAIN = new Parts(Path.of("/"), 15_000, UnaryOperator.identity());
  }

  TestNode() throws Exception {
    this(Parts.PLAIN);
  }

  TestNode(Parts parts) throws Exception {
    reactors = TestReactors.start(1);
    registry.add(new MallocProvider(), "malloc");
    registry.add(new NullProvider(), "null");
    registry.add(new AioProvider(reactors.reactors()), "aio");
    var service =
        new io.tenon.nexus.internal.NexusService(
            registry.devices(), target, reactors.reactors(), true);
    service.storeCame(store.store());
    nexuses = service;
    pools =
        new PoolService(
            (PoolConfig) TestReactors.defaults(PoolConfig.class),
            false,
            registry.devices(),
            target,
            new BlobstoreService(reactors.reactors()),
            reactors.reactors());
    snapshotRebuilds = new SnapshotRebuildService(pools, registry.devices(), reactors.reactors());
    var identity = NodeIdentity.of(TestConfig.ofNode("node-7"), new Version(1, 2, 3));
    var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    nexusPart.came(parts.between().apply(nexuses));
    poolPart.came(pools);
    rebuildPart.came(snapshotRebuilds);
    var clock = InstantSource.system();
    listener =
        new GrpcListener(
            address,
            List.of(
                Offered.of(new BdevService(registry.devices(), target)),
                Offered.of(
                    new NexusService(nexusPart.face(), parts.defaultDeadlineMs(), clock),
                    nexusPart),
                Offered.of(new PoolRpcService(poolPart.face()), poolPart),
                Offered.of(new ReplicaRpcService(poolPart.face()), poolPart),
                Offered.of(
                    new SnapshotRpcService(poolPart.face(), nexusPart.face(), clock),
                    poolPart,
                    nexusPart),
                Offered.of(new SnapshotRebuildRpcService(rebuildPart.face()), rebuildPart),
                Offered.of(new JsonRpcService()),
                Offered.of(
                    new StatsRpcService(registry.devices(), poolPart.face(), nexusPart.face()),
                    poolPart,
                    nexusPart),
                Offered.of(new TestRpcService(poolPart.face(), registry.faults(), clock), poolPart),
                Offered.of(new HostService(identity, initiators, new SystemDisks(parts.root())))),
            PART_WAIT_MS);
    identity.listensOn(address, listener.port());
    channel = NettyChannelBuilder.forAddress("127.0.0.1", listener.port()).usePlaintext().build();
  }

  void add(DeviceProvider provider, String scheme) {
    registry.add(provider, scheme);
  }

  BlockDevices devices() {
    return registry.devices();
  }

  MetadataStore store() {
    return store.store();
  }

  Reactor reactor() {
    return reactors.get(0);
  }

  NvmeTarget target() {
    return target;
  }

  Pools pools() {
    return pools;
  }

  Nexuses nexuses() {
    return nexuses;
  }

  int port() {
    return listener.port();
  }

  ManagedChannel channel() {
    return channel;
  }

  <S extends AbstractBlockingStub<S>> S patient(S stub) {
    return stub.withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  BdevRpcGrpc.BdevRpcBlockingStub bdev() {
    return patient(BdevRpcGrpc.newBlockingStub(channel));
  }

  NexusRpcGrpc.NexusRpcBlockingStub nexus() {
    return patient(NexusRpcGrpc.newBlockingStub(channel));
  }

  HostRpcGrpc.HostRpcBlockingStub host() {
    return patient(HostRpcGrpc.newBlockingStub(channel));
  }

  /** The call ends with this code and a sentence, which is returned. */
  static String refused(Status.Code code, Executable call) {
    var refusal = assertThrows(StatusRuntimeException.class, call).getStatus();
    assertEquals(code, refusal.getCode(), refusal.toString());
    assertNotNull(refusal.getDescription(), refusal.toString());
    return refusal.getDescription();
  }

  /** {@link #refused}, and the sentence names this. */
  static void refused(Status.Code code, String named, Executable call) {
    String sentence = refused(code, call);
    assertTrue(sentence.contains(named), sentence);
  }

  @Override
  public void close() throws Exception {
    channel.shutdownNow();
    channel.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    listener.close();
    for (var rebuild : snapshotRebuilds.all()) snapshotRebuilds.destroy(rebuild.uuid());
    for (Nexus nexus : nexuses.all()) nexus.destroy();
    for (Pool pool : pools.all()) pool.export();
    for (var subsystem : target.subsystems()) target.unshare(subsystem);
    registry.close();
    store.close();
    reactors.close();
  }
}
