package io.tenon.distro;

import io.tenon.block.DeviceProvider;
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
import org.osgi.framework.BundleContext;

/**
 * A pool with one replica that is shared, and a host that reads and writes it over NVMe/TCP, checking what it reads. In the end no
 * I/O may have failed, and the connection may never have been broken.
 */
final class HostedReplica implements AutoCloseable {
  private static final long MIB = 1 << 20;

  /** Room for dozens of snapshots, each of which the load writes anew. */
  private static final long FILE_BYTES = 512 * MIB;

  private final BundleContext context;
  private final Path folder;
  private final UUID uuid = UUID.randomUUID();
  private final String name;
  private final CheckedHost host;
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
      disk.setLength(FILE_BYTES);
    }
    // A new one each time: the node under test remembers its pools.
    name = "hosted-" + uuid;
    String disk =
        scheme.equals("malloc") ? "malloc:///" + name + "?size_mb=128" : scheme + "://" + file;
    var pool = pools().create(PoolSpec.of(name, disk).withClusterBytes(MIB));
    var spec = new ReplicaSpec("r-" + uuid, uuid, 64 * MIB, true, Optional.empty());
    host = new CheckedHost(initiator, reactors, pool.create(spec).share(Set.of()));
    load = host.load;
  }

  /** Comes and goes with its bundle. */
  private Pools pools() throws InterruptedException {
    return Services.now(context, Pools.class);
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
  int snapshots() throws Exception {
    return pool().replicas().size() - 1;
  }

  private Pool pool() throws Exception {
    return Eventually.present(() -> pools().findByName(name), () -> "the pool does not come back");
  }

  /** Name of the file that the pool is on, which is that of its device. */
  String disk() {
    return folder.resolve("disk").toString();
  }

  /** By what the pool says that its disk is open. */
  String diskUri() throws Exception {
    return pool().info().disk();
  }

  /** All that was written is right, and nobody was disconnected. */
  void mustBeWhole() throws Exception {
    host.mustBeWhole();
  }

  @Override
  public void close() throws Exception {
    host.close();
    pool().destroy();
    Files.delete(folder.resolve("disk"));
    Files.delete(folder);
  }
}
