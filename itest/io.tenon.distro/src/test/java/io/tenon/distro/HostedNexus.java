package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nexus.Nexuses;
import io.tenon.reactor.Reactors;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.osgi.framework.BundleContext;
import org.osgi.util.tracker.ServiceTracker;

/**
 * A nexus over two files, with a record, and a host that reads and writes it over NVMe/TCP, checking what it reads. In the end no I/O may have
 * failed, and the connection may never have been broken.
 */
final class HostedNexus implements AutoCloseable {
  private static final long MIB = 1 << 20;
  private static final long FILE_BYTES = 64 * MIB;
  private static final long PATIENCE_SECONDS = 120;

  private final BundleContext context;
  private final Path folder;
  private final UUID uuid = UUID.randomUUID();
  private final DeviceSlot remote;
  private final AtomicInteger interruptions = new AtomicInteger();
  final String childA;
  final String childB;
  final CheckedLoad load;

  HostedNexus(BundleContext context, DeviceProvider initiator, Reactors reactors) throws Exception {
    this.context = context;
    folder = Files.createTempDirectory("tenon-hosted");
    childA = file("a");
    childB = file("b");
    var nexus =
        nexuses()
            .create(
                new NexusSpec(
                    uuid.toString(),
                    uuid,
                    32 * MIB,
                    List.of(childA, childB),
                    1,
                    100,
                    ReadPolicy.ROUND_ROBIN,
                    Optional.of("/test/nexus/" + uuid),
                    Optional.empty()));
    String uri = nexus.publish(Set.of());
    // Not through the registry: there the nexus itself is the device of this uuid.
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

  /** A disk for a child more. */
  String file(String name) throws IOException {
    var file = folder.resolve(name + "-" + uuid);
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(FILE_BYTES);
    }
    return "aio://" + file;
  }

  /** The service as it is now: it comes and goes with its bundle. */
  private Nexuses nexuses() throws InterruptedException {
    var tracker = new ServiceTracker<Nexuses, Nexuses>(context, Nexuses.class, null);
    tracker.open();
    try {
      Nexuses found = tracker.waitForService(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
      assertTrue("no service of nexuses", found != null);
      return found;
    } finally {
      tracker.close();
    }
  }

  /** As it is now. */
  Nexus nexus() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      var found = nexuses().findByUuid(uuid);
      if (found.isPresent()) return found.get();
      assertTrue("the nexus does not come back", System.nanoTime() < deadline);
      Thread.onSpinWait();
    }
  }

  void awaitOnline() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (nexus().state() != NexusState.ONLINE) {
      assertTrue("never Online: " + nexus().children(), System.nanoTime() < deadline);
      Thread.onSpinWait();
    }
  }

  /** All that was written is right, and nobody was disconnected. */
  void mustBeWhole() throws Exception {
    load.stop();
    assertEquals("broken connections", 0, interruptions.get());
  }

  @Override
  public void close() throws Exception {
    remote.fail("The host goes.").toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    nexus().destroy();
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) Files.delete(file);
    }
    Files.delete(folder);
  }
}
