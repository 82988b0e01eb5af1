package io.tenon.devices.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.SlotState;
import io.tenon.block.SlotStatus;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Devices that a service has made outlive it, for a while. */
@Timeout(120)
class LeavingTest {
  private static final String URI = "bdev:///r1?uuid=1";

  private DeviceRegistry registry = new DeviceRegistry(60_000, 5_000);

  @AfterEach
  void stop() {
    registry.close();
  }

  private static BlockDevice made(UUID uuid) throws DeviceException {
    return new ScriptedProvider(uuid).open(DeviceUri.parse("one:///r1"));
  }

  private static CompletableFuture<String> failed(DeviceSlot slot) {
    var failed = new CompletableFuture<String>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void stateChanged(SlotStatus now) {
            if (now.state() == SlotState.FAILED) failed.complete(now.reason());
          }
        });
    if (slot.state() == SlotState.FAILED) failed.complete(slot.status().reason());
    return failed;
  }

  private void leave(DeviceSlot slot) throws Exception {
    registry
        .leave(List.of(slot), "The service of pool p")
        .toCompletableFuture()
        .get(30, TimeUnit.SECONDS);
  }

  @Test
  void aSuccessorsDeviceGoesIntoTheSlotThatWasLeft() throws Exception {
    var slot = registry.adopt(made(new UUID(1, 1)), URI);
    slot.addAlias("bdev:///alias");
    try (var _ = slot.claim("nexus n")) {
      leave(slot);
      assertEquals(SlotState.VACANT, slot.state());
      assertEquals("The service of pool p goes.", slot.status().reason());
      assertTrue(slot.status().waitsFor().startsWith("a successor within 60000 ms"));
      assertSame(slot, registry.adopt(made(new UUID(1, 1)), URI));
      assertEquals(SlotState.READY, slot.state());
      assertSame(slot, registry.find("bdev:///alias").orElseThrow());
    }
    registry.destroy(slot);
  }

  @Test
  void anotherDeviceOfTheNameIsRefusedAndTheSlotWaitsOn() throws Exception {
    var slot = registry.adopt(made(new UUID(1, 1)), URI);
    leave(slot);
    assertThrows(DeviceException.class, () -> registry.adopt(made(new UUID(2, 2)), URI));
    assertThrows(DeviceException.class, () -> registry.adopt(made(new UUID(1, 1)), "other:///r1"));
    assertEquals(SlotState.VACANT, slot.state());
    assertSame(slot, registry.adopt(made(new UUID(1, 1)), URI));
    var again =
        assertThrows(DeviceException.class, () -> registry.adopt(made(new UUID(1, 1)), URI));
    assertEquals(Kind.ALREADY_EXISTS, again.kind());
  }

  @Test
  void pastTheDeadlineItHasFailedAndCanStillBeTakenUp() throws Exception {
    registry.close();
    registry = new DeviceRegistry(50, 5_000);
    var slot = registry.adopt(made(new UUID(1, 1)), URI);
    var failed = failed(slot);
    leave(slot);
    assertEquals(
        "The service of pool p went, and it was not opened again within 50 ms: a successor did not come.",
        failed.get(60, TimeUnit.SECONDS));
    assertSame(slot, registry.adopt(made(new UUID(1, 1)), URI));
    assertEquals(SlotState.READY, slot.state());
  }
}
