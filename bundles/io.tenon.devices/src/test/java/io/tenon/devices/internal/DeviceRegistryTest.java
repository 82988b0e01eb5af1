package io.tenon.devices.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.BlockDevices.Backend;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.block.SlotStatus;
import io.tenon.devices.internal.Providers.Source;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

@Timeout(60)
class DeviceRegistryTest {
  private static final long PATIENCE_SECONDS = 30;

  private final DeviceRegistry registry = new DeviceRegistry(20_000, 5_000);
  private final ScriptedProvider provider = new ScriptedProvider();

  private static Source source(ScriptedProvider provider, String version, String... schemes) {
    return new Source(provider, List.of(schemes), 0, "org.example.backend", version);
  }

  private DeviceSlot withDevice(String uri) throws DeviceException {
    registry.add(source(provider, "1.0.0", "one", "two"));
    return registry.create(uri);
  }

  /** Done when the slot comes into {@code state}; done already when it is. */
  private static CompletableFuture<Void> comesTo(SlotState state, DeviceSlot slot) {
    var there = new CompletableFuture<Void>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void stateChanged(SlotStatus now) {
            if (now.state() == state) there.complete(null);
          }
        });
    if (slot.state() == state) there.complete(null);
    return there;
  }

  private static void await(CompletableFuture<Void> event) throws Exception {
    event.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static DeviceException refused(Kind kind, Executable action) {
    var refusal = assertThrows(DeviceException.class, action);
    assertEquals(kind, refusal.kind(), refusal.getMessage());
    return refusal;
  }

  @AfterEach
  void stop() {
    registry.close();
    for (var device : provider.opened) assertTrue(device.closed, device.name() + " stays open");
  }

  @Test
  void aDeviceIsFoundByNameUuidUriAndAliasUntilDestroyed() throws Exception {
    var slot = withDevice("one:///disk");
    var alias = "bdev:///disk";
    assertSame(slot, registry.create(alias));
    for (String name :
        List.of("disk", slot.uuid().toString(), "one:///disk", alias, "loopback:///disk")) {
      assertEquals(Optional.of(slot), registry.find(name), name);
    }
    assertEquals(List.of(slot), registry.all());
    assertEquals(List.of(alias), slot.aliases());
    assertEquals(Optional.empty(), registry.find("other"));
    assertEquals(Optional.empty(), registry.find("one:///other"));
    assertEquals(Optional.empty(), registry.find("none:///disk"));

    registry.destroy(slot);
    assertEquals(Optional.empty(), registry.find("disk"));
    assertEquals(SlotState.FAILED, slot.state());
    refused(Kind.NOT_FOUND, () -> registry.destroy(slot));
    registry.create("one:///disk");
  }

  @Test
  void destroyingAnAliasLeavesTheDevice() throws Exception {
    var slot = withDevice("one:///disk");
    registry.create("bdev:///disk?uuid=" + slot.uuid());
    registry.destroy("bdev:///disk?uuid=" + slot.uuid());
    assertEquals(Optional.of(slot), registry.find("disk"));
    registry.destroy("one:///disk");
    assertEquals(Optional.empty(), registry.find("disk"));
  }

  @Test
  void anAliasOfNothingOrWithAnotherUuidIsRefused() throws Exception {
    withDevice("one:///disk");
    refused(Kind.NOT_FOUND, () -> registry.create("bdev:///other"));
    refused(Kind.MISMATCH, () -> registry.create("bdev:///disk?uuid=" + new UUID(3, 4)));
    refused(Kind.MISMATCH, () -> registry.findOrCreate("one:///disk?uuid=" + new UUID(3, 4)));
  }

  @Test
  void anUnknownSchemeIsRefusedWithThoseThatAreKnown() {
    registry.add(source(provider, "1.0.0", "one", "two"));
    var refusal = refused(Kind.UNKNOWN_SCHEME, () -> registry.create("three:///disk"));
    assertTrue(refusal.why().contains("Known are one, two"), refusal.why());
    refused(Kind.INVALID_URI, () -> registry.create("/dev/sda"));
  }

  @Test
  void theSameNameTwiceIsRefusedUnlessTheUriChangesTheDevice() throws Exception {
    var slot = withDevice("one:///disk");
    refused(Kind.ALREADY_EXISTS, () -> registry.create("one:///disk"));
    refused(Kind.MISMATCH, () -> registry.create("one:///disk?uuid=" + new UUID(3, 4)));
    assertSame(slot, registry.create("one:///disk?grow"));
    assertEquals(16, slot.geometry().blockCount());
    assertEquals(SlotState.READY, slot.state());
    assertSame(slot, registry.findOrCreate("one:///disk"));
  }

  @Test
  void theSameUuidTwiceIsRefusedAndTheSecondClosed() throws Exception {
    var slot = withDevice("one:///disk");
    refused(Kind.ALREADY_EXISTS, () -> registry.create("one:///copy?uuid=" + slot.uuid()));
    assertTrue(provider.opened.get(1).closed);
  }

  @Test
  void aClaimedDeviceIsNotDestroyed() throws Exception {
    var slot = withDevice("one:///disk");
    try (var _ = slot.claim("nexus n1")) {
      var refusal = refused(Kind.IN_USE, () -> registry.destroy(slot));
      assertTrue(refusal.why().contains("nexus n1"));
    }
    registry.destroy(slot);
  }

  @Test
  void oneThatIsBeingOpenedKeepsItsName() throws Exception {
    registry.add(source(provider, "1.0.0", "one"));
    var hold = new CountDownLatch(1);
    provider.hold = hold;
    var first = createInBackground();
    assertTrue(provider.entered.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
    refused(Kind.ALREADY_EXISTS, () -> registry.create("one:///disk"));
    hold.countDown();
    assertEquals("disk", first.get(PATIENCE_SECONDS, TimeUnit.SECONDS).name());
  }

  private CompletableFuture<DeviceSlot> createInBackground() {
    var created = new CompletableFuture<DeviceSlot>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                created.complete(registry.create("one:///disk"));
              } catch (DeviceException e) {
                created.completeExceptionally(e);
              }
            });
    return created;
  }

  @Test
  void backendsAreListedWithWhoProvidesThemAndHowManyDevices() throws Exception {
    withDevice("two:///disk");
    assertEquals(
        List.of(
            new Backend("one", "org.example.backend", "1.0.0", 0),
            new Backend("two", "org.example.backend", "1.0.0", 1)),
        registry.backends());
    assertEquals(Set.of("one", "two"), registry.schemes());
  }

  @Test
  void whenABackendGoesItsDevicesAreClosedAndItsSchemesUnknown() throws Exception {
    var slot = withDevice("one:///disk");
    registry.removeProvider(provider);
    assertTrue(provider.opened.getFirst().closed);
    assertEquals(SlotState.VACANT, slot.state());
    assertEquals("a backend for scheme one within 20000 ms", slot.status().waitsFor());
    assertEquals(Optional.of(slot), registry.find("disk"));
    refused(Kind.UNKNOWN_SCHEME, () -> registry.create("one:///more"));
  }

  @Test
  void whenABackendComesBackItsDevicesAreOpenedAgain() throws Exception {
    var slot = withDevice("one:///disk");
    registry.removeProvider(provider);
    var ready = comesTo(SlotState.READY, slot);
    registry.add(source(provider, "1.0.1", "one"));
    await(ready);
    assertEquals(2, provider.opened.size());
    assertEquals(1, registry.backends().getFirst().devices());
  }

  @Test
  void withASuccessorAlreadyThereTheSwapIsAtOnce() throws Exception {
    var slot = withDevice("one:///disk");
    registry.add(source(new ScriptedProvider(), "2.0.0", "one"));
    var ready = new CompletableFuture<Void>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void stateChanged(SlotStatus now) {
            if (now.state() == SlotState.READY) ready.complete(null);
          }
        });
    registry.removeProvider(provider);
    await(ready);
    assertTrue(slot.status().reason().contains("2.0.0"), slot.status().reason());
  }

  @Test
  void aBackendThatRefusesIsAskedAgain() throws Exception {
    var slot = withDevice("one:///disk");
    registry.removeProvider(provider);
    provider.refusal = ScriptedProvider.busy();
    registry.add(source(provider, "1.0.1", "one"));
    var ready = comesTo(SlotState.READY, slot);
    provider.refusal = null;
    await(ready);
  }

  @Test
  void pastTheDeadlineTheDeviceHasFailedAndComesBackOnlyWhenAskedFor() throws Exception {
    var impatient = new DeviceRegistry(1, 5_000);
    impatient.add(source(provider, "1.0.0", "one"));
    var slot = impatient.create("one:///disk");
    var failed = comesTo(SlotState.FAILED, slot);
    impatient.removeProvider(provider);
    await(failed);
    assertTrue(slot.status().reason().contains("within 1 ms"), slot.status().reason());

    impatient.add(source(provider, "1.0.1", "one"));
    assertEquals(SlotState.FAILED, slot.state());
    assertSame(slot, impatient.findOrCreate("one:///disk"));
    assertEquals(SlotState.READY, slot.state());
    impatient.close();
  }

  @Test
  void whatWasInMemoryIsNotOpenedAgainAsIfItWereThere() throws Exception {
    provider.forgets = true;
    var slot = withDevice("one:///disk?uuid=" + new UUID(8, 8));
    slot.fail("It was lost.").toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    refused(Kind.MISMATCH, () -> registry.findOrCreate("one:///disk"));
    assertEquals(1, provider.opened.size());
  }

  @Test
  void backendsThatComeAndGoInQuickSuccessionLeaveTheDeviceReady() throws Exception {
    var slot = withDevice("one:///disk");
    for (int i = 0; i < 50; i++) {
      registry.removeProvider(provider);
      registry.add(source(provider, "1.0." + i, "one"));
    }
    await(comesTo(SlotState.READY, slot));
    registry.removeProvider(provider);
    await(comesTo(SlotState.VACANT, slot));
    assertTrue(provider.opened.getLast().closed);
  }

  @Test
  void aSuccessorThatOpensSomethingElseIsNotLetIn() throws Exception {
    var impatient = new DeviceRegistry(300, 5_000);
    impatient.add(source(provider, "1.0.0", "one"));
    var slot = impatient.create("one:///disk");
    var failed = comesTo(SlotState.FAILED, slot);
    impatient.removeProvider(provider);
    var other = new ScriptedProvider(new UUID(9, 9));
    impatient.add(source(other, "2.0.0", "one"));
    await(failed);
    assertTrue(slot.status().reason().contains("not the same device"), slot.status().reason());
    assertFalse(other.opened.isEmpty());
    for (var device : other.opened) assertTrue(device.closed);
    impatient.close();
  }

  @Test
  void aVacantDeviceCanBeDestroyed() throws Exception {
    var slot = withDevice("one:///disk");
    registry.removeProvider(provider);
    registry.destroy(slot);
    registry.add(source(provider, "1.0.1", "one"));
    assertEquals(1, provider.opened.size());
    registry.create("one:///disk");
  }

  @Test
  void anAdoptedDeviceIsListedAndCannotTakeATakenName() throws Exception {
    withDevice("one:///disk");
    var nexus = new ScriptedProvider.Device("nexus", new UUID(5, 5));
    var slot = registry.adopt(nexus, "nexus:///nexus");
    assertEquals(Optional.of(slot), registry.find("nexus:///nexus"));
    var again = new ScriptedProvider.Device("nexus", new UUID(6, 6));
    refused(Kind.ALREADY_EXISTS, () -> registry.adopt(again, "nexus:///nexus"));
    registry.destroy("nexus");
    assertTrue(nexus.closed);
  }

  @Test
  void aBackendThatGoesWhileItOpensLeavesAVacantDevice() throws Exception {
    registry.add(source(provider, "1.0.0", "one"));
    var hold = new CountDownLatch(1);
    provider.hold = hold;
    var created = createInBackground();
    assertTrue(provider.entered.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
    registry.removeProvider(provider);
    hold.countDown();
    await(comesTo(SlotState.VACANT, created.get(PATIENCE_SECONDS, TimeUnit.SECONDS)));
    assertTrue(provider.opened.getFirst().closed);
  }
}
