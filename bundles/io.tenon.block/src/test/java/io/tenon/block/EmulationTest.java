package io.tenon.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.linux.Memory;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What a slot makes of reads and writes for a device that does no more. */
class EmulationTest {
  private final StepReactor one = new StepReactor(0);
  private final StepReactor two = new StepReactor(1);
  private final HeldDevice device = HeldDevice.plain();
  private final DeviceSlot slot =
      new DeviceSlot(device, "held:///held", InstantSource.system(), Runnable::run);
  private final IoChannel channel = open(slot, one);
  private final TestIo io = new TestIo();

  private static IoChannel open(DeviceSlot slot, StepReactor reactor) {
    var opened = new ArrayList<IoChannel>();
    reactor.on(() -> opened.add(slot.channel(reactor)));
    return opened.getFirst();
  }

  private static boolean isDone(CompletionStage<?> stage) {
    return stage.toCompletableFuture().isDone();
  }

  private void settle() {
    StepReactor.settle(one, two);
  }

  private void fill(long lba, long blocks, int with) {
    Memory.segment(device.memory() + lba * 512, blocks * 512).fill((byte) with);
  }

  private boolean deviceHolds(long lba, long blocks, int with) {
    Memory.copy(device.memory() + lba * 512, io.memory, blocks * 512);
    return io.holds(with, blocks);
  }

  @Test
  void allButUnmapIsSupported() {
    for (IoOperation operation : IoOperation.values()) {
      assertEquals(operation != IoOperation.UNMAP, slot.supports(operation), operation.toString());
    }
    one.on(() -> io.unmap(channel, 0, 1));
    assertEquals(IoStatus.UNSUPPORTED, io.status);
  }

  @Test
  void flushOfADeviceWithoutACacheSucceeds() {
    var plain = new HeldDevice(HeldDevice.ID, 8, EnumSet.of(IoOperation.READ));
    var through = open(new DeviceSlot(plain, "", InstantSource.system(), Runnable::run), one);
    one.on(() -> io.flush(through));
    assertEquals(IoStatus.SUCCESS, io.status);
  }

  @Test
  void writeZeroesIsMadeOfWrites() {
    fill(0, 64, 0x77);
    device.inline = true;
    one.on(() -> io.writeZeroes(channel, 1, 40));
    assertEquals(IoStatus.SUCCESS, io.status);
    assertTrue(deviceHolds(0, 1, 0x77));
    assertTrue(deviceHolds(1, 40, 0));
    assertTrue(deviceHolds(41, 23, 0x77));
    assertEquals(1, slot.counters(IoOperation.WRITE_ZEROES).operations());
    assertEquals(0, slot.counters(IoOperation.WRITE).operations());
  }

  @Test
  void beyondTheEndNothingIsWritten() {
    fill(0, 64, 0x77);
    device.inline = true;
    one.on(() -> io.writeZeroes(channel, 32, 33));
    assertEquals(IoStatus.OUT_OF_RANGE, io.status);
    assertTrue(deviceHolds(32, 32, 0x77));
  }

  @Test
  void compareTellsEqualFromDifferent() {
    fill(4, 20, 0x33);
    device.inline = true;
    one.on(() -> io.compare(channel, 4, 20, 0x33));
    assertEquals(IoStatus.SUCCESS, io.status);

    Memory.putByte(device.memory() + 24 * 512 - 1, 0x34);
    one.on(() -> io.compare(channel, 4, 20, 0x33));
    assertEquals(IoStatus.MISCOMPARE, io.status);
    assertEquals(2, one.buffers().free.size());
  }

  @Test
  void anErrorOfTheDeviceIsTheErrorOfTheWhole() {
    one.on(() -> io.compare(channel, 0, 64, 0));
    one.on(() -> device.channel(0).finishOne());
    one.on(() -> device.channel(0).failOne(IoStatus.IO_ERROR));
    assertEquals(IoStatus.IO_ERROR, io.status);
    assertEquals(2, one.buffers().free.size());
  }

  @Test
  void withAnEmptyPoolCompareWorksOnInReserveOneAfterTheOther() {
    one.buffers().take(1);
    one.buffers().take(1);
    var compares = List.of(new TestIo(), new TestIo(), new TestIo());
    for (TestIo compare : compares) one.on(() -> compare.compare(channel, 0, 2, 0));
    assertEquals(1, device.channel(0).held.size());
    for (TestIo compare : compares) {
      one.on(() -> device.channel(0).finishOne());
      assertEquals(IoStatus.SUCCESS, compare.status);
    }
  }

  @Test
  void compareAndWriteWritesOnlyWhenEqual() {
    device.inline = true;
    one.on(() -> io.compareAndWrite(channel, 8, 3, 1, 2));
    settle();
    assertEquals(IoStatus.MISCOMPARE, io.status);
    assertTrue(deviceHolds(8, 3, 0));

    one.on(() -> io.compareAndWrite(channel, 8, 20, 0, 2));
    settle();
    assertEquals(IoStatus.SUCCESS, io.status);
    assertTrue(deviceHolds(8, 20, 2));
    assertEquals(2, one.buffers().free.size());
  }

  @Test
  void compareAndWriteWaitsForEarlierWritesOnEveryChannel() {
    var other = open(slot, two);
    var earlier = new TestIo();
    two.on(() -> earlier.write(other, 8, 1, 9));
    one.on(() -> io.compareAndWrite(channel, 8, 1, 9, 2));
    settle();
    assertTrue(device.channel(0).held.isEmpty());

    two.on(() -> device.channel(1).finishOne());
    settle();
    one.on(() -> device.channel(0).finishOne());
    one.on(() -> device.channel(0).finishOne());
    assertEquals(IoStatus.SUCCESS, io.status);
    assertTrue(deviceHolds(8, 1, 2));
  }

  @Test
  void laterWritesToTheRangeWaitOthersDoNot() {
    var other = open(slot, two);
    one.on(() -> io.compareAndWrite(channel, 8, 2, 0, 2));
    settle();
    var overlapping = new TestIo();
    var beside = new TestIo();
    var reading = new TestIo();
    two.on(() -> overlapping.write(other, 9, 1, 7));
    two.on(() -> beside.write(other, 10, 1, 8));
    two.on(() -> reading.read(other, 8, 1));
    assertEquals(List.of(beside, reading), device.channel(1).held);
    assertEquals(1, slot.status().parked());
    assertFalse(other.consumesInline());

    one.on(() -> device.channel(0).finishOne());
    one.on(() -> device.channel(0).finishOne());
    assertEquals(IoStatus.SUCCESS, io.status);
    settle();
    assertEquals(List.of(beside, reading, overlapping), device.channel(1).held);
    assertEquals(0, slot.status().parked());
    two.on(
        () -> {
          while (!device.channel(1).held.isEmpty()) device.channel(1).finishOne();
        });
    assertTrue(deviceHolds(8, 1, 2));
    assertTrue(deviceHolds(9, 1, 7));
  }

  @Test
  void manyCompareAndWritesOnTwoReactorsLoseNoIncrement() {
    device.inline = true;
    var other = open(slot, two);
    int each = 50;
    var done = new int[2];
    var counters = new TestIo[2];
    for (int i = 0; i < 2; i++) {
      int at = i;
      var reactor = i == 0 ? one : two;
      var through = i == 0 ? channel : other;
      var request = new TestIo();
      counters[i] = request;
      request.then =
          () -> {
            if (request.status == IoStatus.SUCCESS) done[at]++;
            if (done[at] < each) {
              int value = Memory.getU8(device.memory());
              reactor.execute(() -> request.compareAndWrite(through, 0, 1, value, value + 1));
            }
          };
      reactor.on(() -> request.compareAndWrite(through, 0, 1, 0, 1));
    }
    settle();
    assertEquals(2 * each, done[0] + done[1]);
    assertTrue(deviceHolds(0, 1, 2 * each));
    assertTrue(counters[0].completions > each || counters[1].completions > each);
  }

  @Test
  void drainWaitsForACompareAndWriteThatWaitsForItsTurn() {
    var second = new TestIo();
    one.on(() -> io.compareAndWrite(channel, 8, 1, 0, 2));
    one.on(() -> second.compareAndWrite(channel, 8, 1, 2, 3));
    var drained = slot.drain("A test drains it.");
    settle();
    for (int i = 0; i < 4; i++) {
      assertFalse(isDone(drained));
      one.on(() -> device.channel(0).finishOne());
      settle();
    }
    assertTrue(isDone(drained));
    assertEquals(IoStatus.SUCCESS, second.status);
    assertTrue(deviceHolds(8, 1, 3));
  }

  @Test
  void aChannelOpenedWhileARangeIsLockedKnowsOfIt() {
    one.on(() -> io.compareAndWrite(channel, 8, 1, 0, 2));
    settle();
    var late = open(slot, two);
    var write = new TestIo();
    two.on(() -> write.write(late, 8, 1, 5));
    assertTrue(device.channel(1).held.isEmpty());
    one.on(() -> device.channel(0).finishOne());
    one.on(() -> device.channel(0).finishOne());
    settle();
    two.on(() -> device.channel(1).finishOne());
    assertEquals(IoStatus.SUCCESS, write.status);
    assertTrue(deviceHolds(8, 1, 5));
  }

  @Test
  void failedSlotEndsWritesBehindALock() {
    one.on(() -> io.compareAndWrite(channel, 8, 1, 0, 2));
    settle();
    var behind = new TestIo();
    one.on(() -> behind.write(channel, 8, 1, 5));
    slot.fail("The disk was unplugged.");
    settle();
    assertNull(behind.status);
    one.on(() -> device.channel(0).failOne(IoStatus.DEVICE_GONE));
    settle();
    assertEquals(IoStatus.DEVICE_GONE, io.status);
    assertEquals(IoStatus.DEVICE_GONE, behind.status);
    assertTrue(device.closed);
  }
}
