package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.SnapshotSpec;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.Pools;
import io.tenon.pool.ReplicaSpec;
import io.tenon.reactor.Reactors;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.osgi.framework.BundleContext;
import org.osgi.util.tracker.ServiceTracker;

/**
 * A pool with one replica that is shared, and a host that reads and writes it over NVMe/TCP, checking what it reads. In the end no
 * I/O may have failed, and the connection may never have been broken.
 */
final class HostedReplica implements AutoCloseable {
  private static final long MIB = 1 << 20;
  private static final long PATIENCE_SECONDS = 120;

  private final BundleContext context;
  private final Path folder;
  private final UUID uuid = UUID.randomUUID();
  private final String name;
  private final DeviceSlot remote;
  private final AtomicInteger interruptions = new AtomicInteger();
  final CheckedLoad load;

  /**
   * @param scheme of the pool's disk
   */
  HostedReplica(BundleContext context, DeviceProvider initiator, Reactors reactors, String scheme)
      throws Exception {
    this.context = context;
    folder = Files.createTempDirectory("tenon-hosted");
    var file = folder.resolve("disk");
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(128 * MIB);
    }
    // A new one each time: the node under test remembers its pools.
    name = "hosted-" + uuid;
    String disk =
        scheme.equals("malloc") ? "malloc:///" + name + "?size_mb=128" : scheme + "://" + file;
    var pool = pools().create(PoolSpec.of(name, disk).withClusterBytes(MIB));
    var spec = new ReplicaSpec("r-" + uuid, uuid, 64 * MIB, true, Optional.empty());
    String uri = pool.create(spec).share(Set.of());
    // Not through the registry: there the replica itself is the device of this uuid.
    remote = new DeviceSlot(initiator.open(DeviceUri.parse(uri)), uri);
    remote.addListener(
        new DeviceListener() {
          @Override
          public void interrupted(IoStatus how, String reason) {
            interruptions.incrementAndGet();
          }

          @Override
          public void lost(String reason) {
            interruptions.incrementAndGet();
          }
        });
    load = CheckedLoad.start(reactors.main(), remote);
  }

  /** The service as it is now: it comes and goes with its bundle. */
  private Pools pools() throws InterruptedException {
    var tracker = new ServiceTracker<Pools, Pools>(context, Pools.class, null);
    tracker.open();
    try {
      Pools found = tracker.waitForService(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
      assertTrue("no service of pools", found != null);
      return found;
    } finally {
      tracker.close();
    }
  }

  /**
   * Takes one.
   *
   * @return false when it was refused, so that there is none
   */
  boolean snapshot(String snapshot) throws InterruptedException {
    var replica = pools().findReplica(uuid);
    if (replica.isEmpty()) return false;
    try {
      var spec = new SnapshotSpec(snapshot, UUID.randomUUID(), name, snapshot, Instant.EPOCH);
      var _ = replica.get().snapshot(spec);
      return true;
    } catch (PoolException e) {
      return false;
    }
  }

  /** How many snapshots are in the pool. */
  int snapshots() throws InterruptedException {
    return pool().replicas().size() - 1;
  }

  private Pool pool() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      var pool = pools().findByName(name);
      if (pool.isPresent()) return pool.get();
      assertTrue("the pool does not come back", System.nanoTime() < deadline);
      Thread.onSpinWait();
    }
  }

  /** Name of the file that the pool is on, which is that of its device. */
  String disk() {
    return folder.resolve("disk").toString();
  }

  /** By what the pool says that its disk is open. */
  String diskUri() throws InterruptedException {
    return pool().info().disk();
  }

  /** All that was written is right, and nobody was disconnected. */
  void mustBeWhole() throws Exception {
    load.stop();
    assertEquals("broken connections", 0, interruptions.get());
  }

  @Override
  public void close() throws Exception {
    remote.fail("The host goes.").toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    pool().destroy();
    Files.delete(folder.resolve("disk"));
    Files.delete(folder);
  }
}
