package io.tenon.devices.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.block.SlotStatus;
import io.tenon.devices.internal.Providers.Source;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device is opened by another URI below its users. */
@Timeout(60)
class UriChangeTest {
  private static final long PATIENCE_SECONDS = 30;
  private static final String OLD = "one:///disk";
  private static final String NEW = "two:///disk";

  private final DeviceRegistry registry = new DeviceRegistry(20_000, 5_000);
  private final ScriptedProvider one = new ScriptedProvider();
  private final ScriptedProvider two = new ScriptedProvider();
  private final List<SlotState> states = Collections.synchronizedList(new ArrayList<>());
  private final List<String> told = Collections.synchronizedList(new ArrayList<>());
  private DeviceSlot slot;

  @BeforeEach
  void open() throws DeviceException {
    registry.add(new Source(one, List.of("one"), 0, "org.example.one", "1.0.0"));
    registry.add(new Source(two, List.of("two"), 0, "org.example.two", "1.0.0"));
    slot = registry.create(OLD);
    slot.addListener(
        new DeviceListener() {
          @Override
          public void stateChanged(SlotStatus now) {
            states.add(now.state());
          }

          @Override
          public void reopenedBy(String uri) {
            told.add(uri);
          }
        });
  }

  @AfterEach
  void stop() {
    registry.close();
    for (var provider : List.of(one, two)) {
      for (var device : provider.opened) assertTrue(device.closed, device.name() + " stays open");
    }
  }

  private DeviceException refused(Kind kind, String uri) {
    var refusal = assertThrows(DeviceException.class, () -> registry.change(slot, uri));
    assertEquals(kind, refusal.kind(), refusal.getMessage());
    assertTrue(
        refusal.what().contains("disk") || refusal.what().contains(uri), refusal.getMessage());
    return refusal;
  }

  private void isAsBefore() {
    assertEquals(SlotState.READY, slot.state());
    assertEquals(OLD, slot.uri());
    assertEquals(List.of(), told);
    assertFalse(one.opened.getLast().closed);
  }

  private void awaitReady() throws Exception {
    var ready = new CompletableFuture<Void>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void stateChanged(SlotStatus now) {
            if (now.state() == SlotState.READY) ready.complete(null);
          }
        });
    if (slot.state() == SlotState.READY) ready.complete(null);
    ready.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void oneThatHasFailedComesBackByTheBackendThatIsAskedFor() throws Exception {
    slot.fail("It was lost.").toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertSame(slot, registry.create(NEW));
    assertEquals(SlotState.READY, slot.state());
    assertEquals(NEW, slot.uri());
    assertEquals(1, one.opened.size());
    assertEquals(1, two.opened.size());
    registry.removeProvider(one);
    assertEquals(SlotState.READY, slot.state());
  }

  @Test
  void itsUsersKeepTheSlotAndEverybodyHearsOfTheNewUri() throws Exception {
    var done = registry.change(slot, NEW);
    assertEquals(OLD, done.from());
    assertEquals(NEW, done.to());
    assertTrue(done.pause().compareTo(Duration.ZERO) > 0, "" + done.pause());
    assertEquals(List.of(SlotState.DRAINING, SlotState.VACANT, SlotState.READY), states);
    assertEquals(NEW, slot.uri());
    assertEquals(List.of(NEW), told);
    assertTrue(one.opened.getFirst().closed);
    assertEquals(1, two.opened.size());
    for (String name : List.of("disk", NEW, OLD)) {
      assertEquals(Optional.of(slot), registry.find(name), name);
    }
  }

  @Test
  void itBelongsToItsNewBackendAndGoesWithThat() throws Exception {
    registry.change(slot, NEW);
    registry.removeProvider(one);
    assertEquals(SlotState.READY, slot.state());
    registry.removeProvider(two);
    assertEquals(SlotState.VACANT, slot.state());
    registry.add(new Source(two, List.of("two"), 0, "org.example.two", "1.0.1"));
    awaitReady();
    assertEquals(2, two.opened.size());
    assertEquals(1, one.opened.size());
  }

  @Test
  void thereAndBackAgainAndAgain() throws Exception {
    for (int i = 0; i < 20; i++) {
      registry.change(slot, i % 2 == 0 ? NEW : OLD);
      assertEquals(SlotState.READY, slot.state());
    }
    assertEquals(OLD, slot.uri());
    assertEquals(11, one.opened.size());
    assertEquals(10, two.opened.size());
  }

  @Test
  void whoIsToldMayChangeTheDeviceHimself() throws Exception {
    var gone = new CompletableFuture<Void>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void reopenedBy(String uri) {
            // On another thread, for whom this one waits: nothing may be held that it needs.
            var destroying =
                CompletableFuture.runAsync(
                    () -> {
                      try {
                        registry.destroy(slot);
                        gone.complete(null);
                      } catch (DeviceException e) {
                        gone.completeExceptionally(e);
                      }
                    });
            destroying.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
          }
        });
    registry.change(slot, NEW);
    gone.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertEquals(Optional.empty(), registry.find("disk"));
  }

  @Test
  void theSameUriIsOnlyToldOnceMore() throws Exception {
    assertEquals(Duration.ZERO, registry.change(slot, OLD).pause());
    assertEquals(List.of(), states);
    assertEquals(List.of(OLD), told);
    assertEquals(1, one.opened.size());
  }

  @Test
  void anotherDeviceIsRefusedAndNobodyWaits() throws Exception {
    var refusal = refused(Kind.MISMATCH, "two:///other");
    assertTrue(refusal.why().contains("other"), refusal.getMessage());
    refused(Kind.MISMATCH, NEW + "?uuid=" + new UUID(3, 4));
    refused(Kind.UNKNOWN_SCHEME, "three:///disk");
    refused(Kind.INVALID_PARAMETER, NEW + "?colour=red");
    assertEquals(List.of(), states);
    isAsBefore();
    assertEquals(List.of(), two.opened);
  }

  @Test
  void whatIsNotTheSameIsClosedAndTheOldOneComesBack() throws Exception {
    var stranger = new ScriptedProvider(new UUID(9, 9));
    registry.add(new Source(stranger, List.of("three"), 0, "org.example.three", "1.0.0"));
    var refusal = refused(Kind.MISMATCH, "three:///disk");
    assertTrue(refusal.remedy().contains("as before"), refusal.getMessage());
    assertTrue(stranger.opened.getFirst().closed);
    assertEquals(2, one.opened.size());
    isAsBefore();
  }

  @Test
  void aBackendThatRefusesLeavesTheDeviceAsItWas() throws Exception {
    two.refusal = ScriptedProvider.busy();
    refused(Kind.IN_USE, NEW);
    isAsBefore();
    two.refusal = null;
    registry.change(slot, NEW);
    assertEquals(NEW, slot.uri());
  }

  @Test
  void oneThatCannotGoBackAtOnceGoesBackWhenItCan() throws Exception {
    two.refusal = ScriptedProvider.busy();
    one.refusal = ScriptedProvider.busy();
    var refusal = refused(Kind.IN_USE, NEW);
    assertTrue(refusal.remedy().contains("returns"), refusal.getMessage());
    assertEquals(SlotState.VACANT, slot.state());
    one.refusal = null;
    awaitReady();
    isAsBefore();
  }

  @Test
  void whatIsInMemoryIsNotGivenAway() throws Exception {
    registry.destroy(slot);
    one.forgets = true;
    slot = registry.create(OLD);
    refused(Kind.MISMATCH, NEW);
    assertSame(slot, registry.find("disk").orElseThrow());
    assertEquals(List.of(), two.opened);
    isAsBefore();
  }
}
