package io.tenon.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceException.Kind;
import io.tenon.error.Check;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DeviceSlotTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  private final StepReactor one = new StepReactor(0);
  private final StepReactor two = new StepReactor(1);
  private final HeldDevice device = HeldDevice.plain();
  private final DeviceSlot slot =
      new DeviceSlot(device, "held:///held", InstantSource.fixed(NOW), Runnable::run);

  private static IoChannel open(DeviceSlot slot, StepReactor reactor) {
    var channel = new ArrayList<IoChannel>();
    reactor.on(() -> channel.add(slot.channel(reactor)));
    return channel.getFirst();
  }

  private static boolean isDone(CompletionStage<?> stage) {
    return stage.toCompletableFuture().isDone();
  }

  private void settle() {
    StepReactor.settle(one, two);
  }

  private HeldDevice.Channel inner(int index) {
    return device.channel(index);
  }

  @Test
  void passesRequestsToTheDeviceAndTheirEndBack() {
    var channel = open(slot, one);
    var write = new TestIo();
    one.on(() -> write.write(channel, 3, 2, 0x5a));
    assertNull(write.status);

    one.on(() -> inner(0).finishOne());
    assertEquals(IoStatus.SUCCESS, write.status);

    var read = new TestIo();
    one.on(() -> read.read(channel, 3, 2));
    one.on(() -> inner(0).finishOne());
    assertTrue(read.holds(0x5a, 2));
  }

  @Test
  void countsOperationsBytesAndErrorsAlsoOfClosedChannels() {
    var channel = open(slot, one);
    var io = new TestIo();
    one.on(() -> io.write(channel, 0, 2, 1));
    assertEquals(1, slot.status().inFlight());
    one.on(() -> inner(0).finishOne());
    one.on(() -> io.write(channel, 0, 4, 1));
    one.on(() -> inner(0).failOne(IoStatus.IO_ERROR));
    var counted = new IoCounters(1, 2 * 512, 1, 0, 0, 0);
    assertEquals(counted, slot.counters(IoOperation.WRITE));
    assertEquals(new IoCounters(0, 0, 0, 0, 0, 0), slot.counters(IoOperation.READ));
    assertEquals(0, slot.status().inFlight());

    one.on(channel::close);
    assertEquals(counted, slot.counters(IoOperation.WRITE));
  }

  private void io(IoChannel channel, long tookNs) {
    var io = new TestIo();
    one.on(() -> io.read(channel, 0, 1));
    one.nowNs += tookNs;
    one.on(() -> inner(0).finishOne());
    assertEquals(IoStatus.SUCCESS, io.status);
  }

  @Test
  void countsTheTimesThatIoTookAndTheirExtremes() {
    var channel = open(slot, one);
    io(channel, 700);
    assertEquals(new IoCounters(1, 512, 0, 700, 700, 700), slot.counters(IoOperation.READ));
    io(channel, 5_000);
    io(channel, 0);
    io(channel, 300);
    assertEquals(new IoCounters(4, 2048, 0, 6_000, 0, 5_000), slot.counters(IoOperation.READ));
    assertEquals(0, slot.counters(IoOperation.WRITE).longestNs());

    var other = open(slot, two);
    var slow = new TestIo();
    two.on(() -> slow.read(other, 0, 1));
    two.nowNs += 9_000;
    two.on(() -> inner(1).failOne(IoStatus.IO_ERROR));
    assertEquals(new IoCounters(4, 2048, 1, 6_000, 0, 5_000), slot.counters(IoOperation.READ));
  }

  @Test
  void resetCountersBeginAtZeroOnEveryReactorAndForgetClosedChannels() {
    var closed = open(slot, one);
    io(closed, 10);
    one.on(closed::close);
    var early = open(slot, two);
    var io = new TestIo();
    two.on(() -> io.read(early, 0, 1));
    two.on(() -> inner(1).finishOne());
    two.on(() -> io.read(early, 0, 1));

    var reset = slot.resetCounters();
    assertFalse(isDone(reset));
    settle();
    assertTrue(isDone(reset));
    assertEquals(0, slot.counters(IoOperation.READ).operations());
    assertEquals(1, slot.status().inFlight());
    two.nowNs += 40;
    two.on(() -> inner(1).finishOne());
    assertEquals(new IoCounters(1, 512, 0, 40, 40, 40), slot.counters(IoOperation.READ));

    var _ = slot.resetCounters();
    two.on(early::close);
    settle();
    assertEquals(new IoCounters(0, 0, 0, 0, 0, 0), slot.counters(IoOperation.READ));
  }

  @Test
  void drainEndsWhenNothingIsInFlightOnAnyReactorAndParksWhatComes() {
    var first = open(slot, one);
    var second = open(slot, two);
    var inFlight = new TestIo();
    two.on(() -> inFlight.write(second, 0, 1, 1));

    var drained = slot.drain("A test drains it.");
    settle();
    assertFalse(isDone(drained));
    assertEquals("1 requests in flight to end", slot.status().waitsFor());

    var parked = new TestIo();
    one.on(() -> parked.write(first, 8, 1, 2));
    assertNull(parked.status);
    assertEquals(1, slot.status().parked());
    assertTrue(inner(0).held.isEmpty());

    two.on(() -> inner(1).finishOne());
    assertTrue(isDone(drained));
    assertEquals(
        new SlotStatus(SlotState.DRAINING, "A test drains it.", NOW, "", 0, 1), slot.status());

    slot.resume("It goes on.");
    settle();
    assertSame(parked, inner(0).held.getFirst());
    one.on(() -> inner(0).finishOne());
    assertEquals(IoStatus.SUCCESS, parked.status);
    assertEquals(SlotState.READY, slot.state());
  }

  @Test
  void lentMemoryCountsAsInFlightUntilGivenBack() {
    device.lends = true;
    var channel = open(slot, one);
    var read = new TestIo();
    one.on(() -> read.lentRead(channel, 5, 1));
    one.on(() -> inner(0).finishOne());
    assertTrue(read.isLent());
    assertEquals(device.memory() + 5 * 512, read.address());

    var drained = slot.drain("A test drains it.");
    settle();
    assertFalse(isDone(drained));

    one.on(read::giveBack);
    assertTrue(isDone(drained));
  }

  @Test
  void vacateClosesChannelsOnTheirReactorsThenTheDevice() {
    var channel = open(slot, one);
    open(slot, two);
    var io = new TestIo();
    one.on(() -> io.write(channel, 0, 1, 1));

    var vacated = slot.vacate("Its backend goes.", "a backend for held");
    settle();
    assertFalse(isDone(vacated));

    one.on(() -> inner(0).finishOne());
    settle();
    assertTrue(isDone(vacated));
    assertTrue(device.closed);
    assertEquals(
        new SlotStatus(SlotState.VACANT, "Its backend goes.", NOW, "a backend for held", 0, 0),
        slot.status());
  }

  @Test
  void restoreLetsParkedRequestsGoOnWithTheNewDeviceInTheirOrder() throws Exception {
    var channel = open(slot, one);
    slot.vacate("Its backend goes.", "");
    settle();
    var parked = List.of(new TestIo(), new TestIo(), new TestIo());
    for (TestIo io : parked) one.on(() -> io.write(channel, 0, 1, 1));
    var late = open(slot, two);

    var back = HeldDevice.plain();
    var restored = slot.restore(back, "Its backend is back.");
    settle();

    assertTrue(isDone(restored));
    assertEquals(List.copyOf(parked), back.channel(0).held);
    var io = new TestIo();
    two.on(() -> io.read(late, 0, 1));
    two.on(() -> back.channel(1).finishOne());
    assertEquals(IoStatus.SUCCESS, io.status);
  }

  @Test
  void restoreRefusesAnotherDeviceASmallerOneAndOtherBlocks() throws Exception {
    slot.vacate("Its backend goes.", "");
    settle();
    var all = EnumSet.of(IoOperation.READ, IoOperation.WRITE);
    for (var wrong :
        List.of(new HeldDevice(new UUID(1, 1), 64, all), new HeldDevice(HeldDevice.ID, 63, all))) {
      var refusal = assertThrows(DeviceException.class, () -> slot.restore(wrong, "back"));
      assertEquals(Kind.MISMATCH, refusal.kind());
      assertFalse(wrong.closed);
    }
    assertEquals(SlotState.VACANT, slot.state());

    var told = new ArrayList<Geometry>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void resized(Geometry now) {
            told.add(now);
          }
        });
    slot.restore(new HeldDevice(HeldDevice.ID, 65, all), "A larger one will do.");
    assertEquals(65, slot.geometry().blockCount());
    assertEquals(List.of(new Geometry(512, 65)), told);
  }

  @Test
  void restoreOfASlotThatHasItsDeviceIsRefused() {
    assertEquals(
        Kind.IN_USE,
        assertThrows(DeviceException.class, () -> slot.restore(HeldDevice.plain(), "back")).kind());
  }

  @Test
  void failEndsParkedAndNewRequestsButLeavesThoseInFlightToTheDevice() {
    var channel = open(slot, one);
    var inFlight = new TestIo();
    one.on(() -> inFlight.write(channel, 0, 1, 1));
    slot.drain("A test drains it.");
    settle();
    var parked = new TestIo();
    one.on(() -> parked.read(channel, 0, 1));

    var failed = slot.fail("No backend came in time.");
    settle();
    assertEquals(IoStatus.DEVICE_GONE, parked.status);
    assertNull(inFlight.status);
    assertFalse(isDone(failed));

    one.on(() -> inner(0).failOne(IoStatus.DEVICE_GONE));
    settle();
    assertTrue(isDone(failed));
    assertTrue(device.closed);
    assertEquals(IoStatus.DEVICE_GONE, inFlight.status);

    var late = new TestIo();
    one.on(() -> late.read(channel, 0, 1));
    assertEquals(IoStatus.DEVICE_GONE, late.status);
    one.on(() -> late.read(open(slot, one), 0, 1));
    assertEquals(IoStatus.DEVICE_GONE, late.status);
    assertEquals(1, slot.counters(IoOperation.WRITE).errors());
  }

  @Test
  void failWhileDrainingFailsTheDrain() {
    var channel = open(slot, one);
    one.on(() -> new TestIo().write(channel, 0, 1, 1));
    var vacated = slot.vacate("Its backend goes.", "");
    settle();
    slot.fail("The disk was unplugged.");
    assertTrue(vacated.toCompletableFuture().isCompletedExceptionally());
    assertTrue(slot.drain("again").toCompletableFuture().isCompletedExceptionally());
  }

  @Test
  void aLostDeviceFailsTheSlotAndTellsListenersOnce() {
    var told = new ArrayList<String>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void lost(String reason) {
            told.add("lost: " + reason);
          }

          @Override
          public void stateChanged(SlotStatus now) {
            told.add(now.state() + ": " + now.reason());
          }
        });
    device.lose("It was unplugged.");
    device.lose("It was unplugged.");
    assertEquals(List.of("FAILED: It was unplugged.", "lost: It was unplugged."), told);
  }

  @Test
  void aFailedSlotComesBackOnceItsOldDeviceIsClosed() throws Exception {
    var channel = open(slot, one);
    var io = new TestIo();
    one.on(() -> io.write(channel, 0, 1, 1));
    device.lose("It was unplugged.");
    settle();
    assertThrows(DeviceException.class, () -> slot.restore(HeldDevice.plain(), "back"));

    one.on(() -> inner(0).failOne(IoStatus.DEVICE_GONE));
    settle();
    var back = HeldDevice.plain();
    slot.restore(back, "It was plugged in again.");
    settle();
    one.on(() -> io.write(channel, 0, 1, 1));
    one.on(() -> back.channel(0).finishOne());
    assertEquals(IoStatus.SUCCESS, io.status);
  }

  @Test
  void aDeviceThatLeavesSaysNothingMore() throws Exception {
    slot.vacate("Its backend goes.", "");
    settle();
    device.lose("closed");
    assertEquals(SlotState.VACANT, slot.state());
    slot.restore(HeldDevice.plain(), "back");
    device.resize(9);
    assertEquals(64, slot.geometry().blockCount());
  }

  @Test
  void growthIsToldAndAnotherBlockSizeIsAFailure() {
    var sizes = new ArrayList<Geometry>();
    slot.addListener(
        new DeviceListener() {
          @Override
          public void resized(Geometry now) {
            sizes.add(now);
          }
        });
    device.resize(128);
    assertEquals(List.of(new Geometry(512, 128)), sizes);
    assertEquals(new Geometry(512, 128), slot.geometry());
  }

  @Test
  void whileNotReadyItNeitherConsumesInlineNorLends() {
    device.consumes = true;
    device.lends = true;
    var channel = open(slot, one);
    assertTrue(channel.consumesInline());
    assertTrue(channel.lendsMemory());
    slot.drain("A test drains it.");
    settle();
    assertFalse(channel.consumesInline());
    assertFalse(channel.lendsMemory());
  }

  @Test
  void aParkedLendableReadGetsBorrowedMemoryFromADeviceThatLendsNone() throws Exception {
    device.lends = true;
    var channel = open(slot, one);
    var fill = new TestIo();
    slot.vacate("Its backend goes.", "");
    settle();
    var read = new TestIo();
    one.on(() -> read.lentRead(channel, 2, 3));
    var back = HeldDevice.plain();
    back.inline = true;
    slot.restore(back, "back");
    one.on(() -> fill.write(open(slot, one), 2, 3, 0x11));
    settle();

    assertTrue(read.isLent());
    io.tenon.linux.Memory.copy(read.address(), read.memory, 3 * 512);
    assertTrue(read.holds(0x11, 3));
    assertEquals(1, one.buffers().free.size());
    assertEquals(1, slot.status().inFlight());
    one.on(read::giveBack);
    assertEquals(2, one.buffers().free.size());
    assertEquals(0, slot.status().inFlight());
  }

  @Test
  void aClaimIsExclusiveAndNamesItsOwner() throws Exception {
    var claim = slot.claim("nexus n1");
    assertEquals(Optional.of("nexus n1"), slot.claimedBy());
    var refusal = assertThrows(DeviceException.class, () -> slot.claim("pool p1"));
    assertEquals(Kind.IN_USE, refusal.kind());
    assertTrue(refusal.getMessage().contains("nexus n1"));

    claim.close();
    var second = slot.claim("pool p1");
    claim.close();
    assertEquals(Optional.of("pool p1"), slot.claimedBy());
    second.close();
    assertEquals(Optional.empty(), slot.claimedBy());
  }

  @Test
  void aChannelClosedDuringADrainStillCounts() {
    var channel = open(slot, one);
    var drained = slot.drain("A test drains it.");
    one.on(channel::close);
    settle();
    assertTrue(isDone(drained));
    assertTrue(inner(0).isClosed);
  }

  @Test
  void closingAChannelWithRequestsIsABug() {
    var channel = open(slot, one);
    one.on(() -> new TestIo().write(channel, 0, 1, 1));
    assertThrows(Check.Bug.class, () -> one.on(channel::close));
  }

  @Test
  void resumeWithoutADrainIsABug() {
    assertThrows(Check.Bug.class, () -> slot.resume("why not"));
  }

  @ParameterizedTest
  @EnumSource(SlotState.class)
  void noStateFollowsItself(SlotState state) {
    assertFalse(SlotState.isLegal(state, state));
  }

  @Test
  void drainTwiceIsOneDrain() {
    var channel = open(slot, one);
    var io = new TestIo();
    one.on(() -> io.write(channel, 0, 1, 1));
    List<CompletionStage<Void>> both = List.of(slot.drain("first"), slot.drain("second"));
    settle();
    one.on(() -> inner(0).finishOne());
    for (var drained : both) assertTrue(isDone(drained));
    assertEquals("first", slot.status().reason());
  }

  @Test
  void aDeviceThatGivesNoChannelFailsItsRequestsAndNobodyWaitsForIt() throws Exception {
    var channel = open(slot, one);
    slot.vacate("Its backend goes.", "");
    settle();
    var parked = new TestIo();
    one.on(() -> parked.read(channel, 0, 1));
    var broken = HeldDevice.plain();
    broken.close();
    var restored = slot.restore(broken, "It is back, but broken.");
    settle();
    assertTrue(isDone(restored));
    assertEquals(IoStatus.DEVICE_GONE, parked.status);
  }
}
