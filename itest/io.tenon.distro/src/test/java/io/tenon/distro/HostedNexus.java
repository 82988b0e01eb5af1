package io.tenon.distro;

import io.tenon.block.DeviceProvider;
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
import org.osgi.framework.BundleContext;

/**
 * A nexus over two files, with a record, and a host that reads and writes it over NVMe/TCP, checking what it reads. In the end no I/O may have
 * failed, and the connection may never have been broken.
 */
final class HostedNexus implements AutoCloseable {
  private static final long MIB = 1 << 20;
  private static final long FILE_BYTES = 64 * MIB;

  private final BundleContext context;
  private final Path folder;
  private final UUID uuid = UUID.randomUUID();
  private final CheckedHost host;
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
                    Optional.of("/hosted/" + uuid),
                    Optional.empty()));
    host = new CheckedHost(initiator, reactors, nexus.publish(Set.of()));
    load = host.load;
  }

  /** A disk for a child more. */
  String file(String name) throws IOException {
    var file = folder.resolve(name + "-" + uuid);
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(FILE_BYTES);
    }
    return "aio://" + file;
  }

  /** Comes and goes with its bundle. */
  private Nexuses nexuses() throws InterruptedException {
    return Services.now(context, Nexuses.class);
  }

  String name() {
    return uuid.toString();
  }

  /** As it is now. */
  Nexus nexus() throws Exception {
    return Eventually.present(
        () -> nexuses().findByUuid(uuid), () -> "the nexus does not come back");
  }

  void awaitOnline() throws Exception {
    Eventually.until(() -> nexus().state() == NexusState.ONLINE, () -> "never Online");
  }

  /** All that was written is right, and nobody was disconnected. */
  void mustBeWhole() throws Exception {
    host.mustBeWhole();
  }

  @Override
  public void close() throws Exception {
    host.close();
    nexus().destroy();
    Folders.delete(folder);
  }
}
