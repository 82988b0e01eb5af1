package io.tenon.distro;

import static org.junit.Assert.assertEquals;

import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Reads and writes what a node serves over NVMe/TCP, checking what it reads, and counts connections that broke. */
final class CheckedHost implements AutoCloseable {
  private final DeviceSlot remote;
  private final AtomicInteger broken = new AtomicInteger();
  final CheckedLoad load;

  CheckedHost(DeviceProvider initiator, Reactors reactors, String uri) throws Exception {
    // Not through the registry: there the node's own device has the uuid.
    remote = new DeviceSlot(initiator.open(DeviceUri.parse(uri)), uri);
    remote.addListener(
        new DeviceListener() {
          @Override
          public void interrupted(IoStatus how, String reason) {
            broken.incrementAndGet();
          }

          @Override
          public void lost(String reason) {
            broken.incrementAndGet();
          }
        });
    load = CheckedLoad.start(reactors.main(), remote);
  }

  /** Ends its load: all that was written is right, and nobody was disconnected. */
  void mustBeWhole() throws Exception {
    load.stop();
    assertEquals("broken connections", 0, broken.get());
  }

  @Override
  public void close() throws Exception {
    remote
        .fail("The host goes.")
        .toCompletableFuture()
        .get(Eventually.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }
}
