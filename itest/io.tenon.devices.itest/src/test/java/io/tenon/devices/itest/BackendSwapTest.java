package io.tenon.devices.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.block.SlotStatus;
import io.tenon.block.testing.RandomLoad;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.reactor.Reactors;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.Bundle;

/** A backend's bundle goes and comes while requests are in flight. */
@Timeout(120)
class BackendSwapTest {
  private static final int SWAPS = 5;
  private static final int DEPTH = 16;
  private static final int REQUESTS_PER_LEG = 2_000;
  private static final long DISK_BYTES = 8 << 20;

  @TempDir private Path directory = Path.of("");
  private TestReactors reactors = none();
  private SmallFramework framework = none();

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // set before each test
  private static <T> T none() {
    return null;
  }

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    framework = new SmallFramework(directory.resolve("framework"));
    framework.context().registerService(Reactors.class, reactors.reactors(), null);
    framework.install("io.tenon.devices").start();
  }

  @AfterEach
  void stop() throws Exception {
    framework.close();
    reactors.close();
  }

  private String uri(String scheme) throws Exception {
    if (scheme.equals("malloc")) return "malloc:///disk?size_mb=8";
    var file = directory.resolve("disk");
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(DISK_BYTES);
    }
    return scheme + "://" + file;
  }

  private static void awaitReady(DeviceSlot slot) throws Exception {
    var ready = new CompletableFuture<Void>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void stateChanged(SlotStatus now) {
            if (now.state() == SlotState.READY) ready.complete(null);
          }
        });
    if (slot.state() == SlotState.READY) ready.complete(null);
    ready.get(30, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"malloc", "aio", "uring"})
  void anUpdateUnderLoadLosesNothing(String scheme) throws Exception {
    String name = "io.tenon.backend." + scheme;
    Bundle backend = framework.install(name);
    backend.start();
    var devices = framework.service(BlockDevices.class);
    var slot = devices.create(uri(scheme));
    var volume = new TestVolume(slot, reactors.get(0));
    var load = new RandomLoad(volume, DEPTH, REQUESTS_PER_LEG, 7);
    load.start();
    for (int i = 0; i < SWAPS; i++) {
      SmallFramework.update(backend, name);
      awaitReady(slot);
    }
    load.await();
    assertEquals(DEPTH * REQUESTS_PER_LEG, load.completions());
    assertEquals(1, devices.backends().getFirst().devices());
    volume.close();
    devices.destroy(slot);
  }

  @Test
  void aStoppedBackendsDevicesWaitAndItsSchemeIsUnknown() throws Exception {
    Bundle backend = framework.install("io.tenon.backend.malloc");
    backend.start();
    var devices = framework.service(BlockDevices.class);
    var slot = devices.create(uri("malloc"));
    backend.stop();

    assertEquals(SlotState.VACANT, slot.state());
    assertTrue(slot.status().waitsFor().startsWith("a backend for scheme malloc"));
    var refusal =
        assertThrows(DeviceException.class, () -> devices.create("malloc:///b?size_mb=1"));
    assertEquals(Kind.UNKNOWN_SCHEME, refusal.kind());

    backend.start();
    awaitReady(slot);
  }
}
