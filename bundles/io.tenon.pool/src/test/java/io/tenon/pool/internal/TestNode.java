package io.tenon.pool.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.aio.internal.AioProvider;
import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.blobstore.internal.BlobstoreService;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceChanges;
import io.tenon.block.DeviceProvider;
import io.tenon.block.IoStatus;
import io.tenon.block.SnapshotSpec;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.devices.internal.RegistryForTests;
import io.tenon.nvme.internal.Target;
import io.tenon.nvme.testing.SilentTarget;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolInfo;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaInfo;
import io.tenon.pool.ReplicaSpec;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.function.Executable;

/**
 * A node without OSGi: pools over the real registry, target and blobstores. Only the transport is a word: it says where it
 * listens, and does not.
 */
final class TestNode implements AutoCloseable {
  static final String TARGET = SilentTarget.URI + Target.NQN_PREFIX;
  static final long MIB = 1 << 20;
  private static final long PATIENCE_MS = 200;
  static final Instant NOW = Instant.parse("2026-11-20T21:40:07.123456789Z");

  private final TestReactors reactors;
  private final RegistryForTests registry = new RegistryForTests();
  final Target target;
  final CheckService checks;
  private final PoolParts parts;
  PoolService pools;

  /** A node that remembers nothing. */
  TestNode() throws Exception {
    this(new PassingMemory(new ServingNode(uuid("node"), "test")));
  }

  TestNode(PoolMemory memory) throws Exception {
    reactors = TestReactors.start(2);
    target = SilentTarget.open();
    registry.add(new MallocProvider(), "malloc");
    registry.add(new AioProvider(reactors.reactors()), "aio");
    // Another backend, for all that its users see.
    registry.add(new AioProvider(reactors.reactors()), "other");
    parts =
        new PoolParts(
            registry.devices(),
            target,
            new BlobstoreService(reactors.reactors()),
            reactors.get(0),
            Thread::startVirtualThread,
            memory,
            InstantSource.system(),
            TimeUnit.MILLISECONDS.toNanos(PATIENCE_MS));
    pools = new PoolService(parts, new Random(1));
    var _ = pools.start();
    checks =
        new CheckService(
            parts.devices(),
            parts.blobstores(),
            InstantSource.fixed(NOW),
            new Random(2),
            Path.of("/dev/null/data"));
  }

  /** As when the bundle is updated. */
  void replacePools() {
    pools.leave();
    pools = new PoolService(parts, new Random(2));
    var _ = pools.start();
  }

  /** As another version of the bundle, and of that of the stores, beside the one that runs. */
  PoolService trial() {
    var memory = new PassingMemory(parts.memory().node());
    return new PoolService(
        new PoolParts(
            parts.devices(),
            parts.target(),
            new BlobstoreService(reactors.reactors()),
            parts.reactor(),
            parts.blocking(),
            memory,
            parts.clock(),
            parts.patienceNs()),
        new Random(3),
        true);
  }

  /** What it would bring back after a restart. */
  List<KnownPool> remembered() {
    return parts.memory().pools();
  }

  void add(DeviceProvider provider, String scheme) {
    registry.add(provider, scheme);
  }

  BlockDevices devices() {
    return registry.devices();
  }

  DeviceChanges changes() {
    return registry.changes();
  }

  TestVolume volume(Replica replica) {
    return new TestVolume(replica.device().orElseThrow(), reactors.get(1));
  }

  TestVolume volume(String device) {
    return new TestVolume(devices().find(device).orElseThrow(), reactors.get(1));
  }

  static ReplicaSpec thin(String name, long bytes) {
    return new ReplicaSpec(name, uuid(name), bytes, true, Optional.empty());
  }

  static ReplicaSpec thick(String name, long bytes) {
    return new ReplicaSpec(name, uuid(name), bytes, false, Optional.empty());
  }

  static SnapshotSpec snapshot(String name) {
    return new SnapshotSpec(name, uuid(name), "volume-1", "txn-1", NOW);
  }

  static UUID uuid(String name) {
    return new UUID(0x4000, name.hashCode());
  }

  static byte[] random(long seed, int bytes) {
    var content = new byte[bytes];
    new Random(seed).nextBytes(content);
    return content;
  }

  static PoolException refused(Kind kind, Executable call) {
    var refusal = assertThrows(PoolException.class, call);
    assertEquals(kind, refusal.kind(), refusal.getMessage());
    return refusal;
  }

  /** What all have allocated is what is used, and what is used and free is all. */
  static PoolInfo adds(Pool pool) {
    var info = pool.info();
    long allocated = 0;
    long committed = 0;
    for (ReplicaInfo replica : pool.replicas()) {
      allocated += replica.usage().allocatedBytes();
      committed +=
          replica.snapshot().isPresent() ? replica.usage().allocatedBytes() : replica.sizeBytes();
    }
    assertEquals(info.usedBytes(), allocated);
    assertEquals(info.committedBytes(), committed);
    assertEquals(info.capacityBytes(), info.usedBytes() + info.freeBytes());
    assertTrue(info.capacityBytes() <= info.diskBytes());
    return info;
  }

  static void ok(IoStatus status) {
    assertEquals(IoStatus.SUCCESS, status);
  }

  @Override
  public void close() throws Exception {
    pools.close();
    for (var subsystem : target.subsystems()) target.unshare(subsystem);
    registry.close();
    reactors.close();
  }
}
