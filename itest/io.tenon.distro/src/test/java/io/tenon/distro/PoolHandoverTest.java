package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.PoolState;
import io.tenon.pool.Pools;
import io.tenon.pool.ReplicaSpec;
import io.tenon.reactor.Reactors;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.ops4j.pax.exam.util.Filter;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** Every bundle below a replica's share is updated in a running node while a host reads and writes through the share. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class PoolHandoverTest {
  private static final long MIB = 1 << 20;
  private static final int ROUNDS = 3;
  private static final long PATIENCE_SECONDS = 120;

  @Inject BundleContext context;

  @Inject
  @Filter("(scheme=nvmf)")
  DeviceProvider initiator;

  @Inject Reactors reactors;

  /** A new one each time: the node under test remembers its pools. */
  private String name = "";

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Test
  public void updatesOfPoolBlobstoreAndBackendOnlyPauseAHostsIo() throws Exception {
    Path folder = Files.createTempDirectory("tenon-handover");
    Path file = folder.resolve("disk");
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(128 * MIB);
    }
    var uuid = UUID.randomUUID();
    name = "handover-" + uuid;
    String uri;
    {
      var pool = pools().create(PoolSpec.of(name, file.toString()).withClusterBytes(MIB));
      var replica =
          pool.create(new ReplicaSpec("r-handover", uuid, 64 * MIB, true, Optional.empty()));
      uri = replica.share(Set.of());
    }
    // Not through the registry: there the replica itself is the device of this uuid.
    var remote = new DeviceSlot(initiator.open(DeviceUri.parse(uri)), uri);
    var load = CheckedLoad.start(reactors.main(), remote);
    for (int round = 0; round < ROUNDS; round++) {
      for (String bundle :
          new String[] {"io.tenon.pool", "io.tenon.blobstore", "io.tenon.backend.aio"}) {
        load.goesOn(2_000);
        named(bundle).update();
        load.goesOn(2_000);
        assertEquals(bundle, PoolState.ONLINE, back().info().state());
      }
    }
    load.stop();
    System.err.printf("longest pause of a host's I/O: %d ms%n", load.longestPauseMs());
    remote.fail("The host goes.").toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    var pool = back();
    var info = pool.findReplica(uuid).orElseThrow().info();
    assertTrue(info.uri(), info.shared() && info.uri().equals(uri));
    pool.destroy();
    Files.delete(file);
    Files.delete(folder);
  }

  private Pool back() throws Exception {
    return Eventually.present(() -> pools().findByName(name), () -> "the pool does not come back");
  }

  /** Comes and goes with its bundle. */
  private Pools pools() throws InterruptedException {
    return Services.now(context, Pools.class);
  }

  private Bundle named(String symbolicName) {
    return Installed.one(context, symbolicName);
  }
}
