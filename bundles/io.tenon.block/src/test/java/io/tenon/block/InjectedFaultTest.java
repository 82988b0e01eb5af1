package io.tenon.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InjectedFaultTest {
  private Instant now = Instant.parse("2026-01-02T03:04:05Z");
  private final InstantSource clock = () -> now;
  private final StepReactor one = new StepReactor(0);
  private final StepReactor two = new StepReactor(1);
  private final HeldDevice device = HeldDevice.plain();
  private final DeviceSlot slot = new DeviceSlot(device, "held:///held", clock, Runnable::run);

  private IoChannel open() {
    var channel = new ArrayList<IoChannel>();
    one.on(() -> channel.add(slot.channel(one)));
    return channel.getFirst();
  }

  private InjectedFault inject(String parameters) {
    try {
      var fault = InjectedFault.parse("inject://held?" + parameters, clock);
      var _ = slot.faults(List.of(fault));
      StepReactor.settle(one, two);
      return fault;
    } catch (DeviceException e) {
      throw new AssertionError(e);
    }
  }

  private HeldDevice.Channel inner() {
    return device.channel(0);
  }

  private IoStatus write(IoChannel channel, long lba) {
    var io = new TestIo();
    one.on(() -> io.write(channel, lba, 2, 0x5a));
    if (io.status == null) one.on(() -> inner().finishOne());
    return io.status;
  }

  private IoStatus read(IoChannel channel, long lba) {
    var io = new TestIo();
    one.on(() -> io.read(channel, lba, 2));
    if (io.status == null) one.on(() -> inner().finishOne());
    return io.status;
  }

  @Test
  void atSubmissionTheDeviceIsNotAsked() {
    var channel = open();
    var fault = inject("op=write&stage=submission");
    var io = new TestIo();
    one.on(() -> io.write(channel, 3, 2, 0x5a));
    assertEquals(IoStatus.IO_ERROR, io.status);
    assertEquals(0, slot.status().inFlight());
    assertEquals(1, slot.counters(IoOperation.WRITE).errors());
    assertEquals(1, fault.struck());
    assertEquals(IoStatus.SUCCESS, read(channel, 3));
  }

  @Test
  void atCompletionTheDeviceDoesItAndItsAnswerIsReplaced() {
    var channel = open();
    var _ = inject("op=write&method=status-no_space");
    var io = new TestIo();
    one.on(() -> io.write(channel, 3, 2, 0x5a));
    assertNull(io.status);
    assertEquals(1, slot.status().inFlight());
    one.on(() -> inner().finishOne());
    assertEquals(IoStatus.NO_SPACE, io.status);
    assertEquals(0, slot.status().inFlight());
    var read = new TestIo();
    one.on(() -> read.read(channel, 3, 2));
    one.on(() -> inner().finishOne());
    assertTrue(read.holds(0x5a, 2));
  }

  @Test
  void onlyItsBlocksMeetItAndOnlySoManyTimes() {
    var channel = open();
    var fault = inject("op=rw&stage=s&offset=10&num_blk=4&retries=3");
    assertEquals(IoStatus.SUCCESS, write(channel, 8));
    assertEquals(IoStatus.SUCCESS, write(channel, 14));
    assertEquals(IoStatus.IO_ERROR, write(channel, 9));
    assertEquals(IoStatus.IO_ERROR, read(channel, 13));
    assertTrue(fault.isActive());
    assertEquals(IoStatus.IO_ERROR, write(channel, 10));
    assertFalse(fault.isActive());
    assertEquals(IoStatus.SUCCESS, write(channel, 10));
    assertEquals(3, fault.struck());
  }

  @Test
  void itBeginsAndEndsInItsTime() {
    var channel = open();
    var fault = inject("stage=submit&begin_at=1000&end_at=2000");
    assertFalse(fault.isActive());
    assertEquals(IoStatus.SUCCESS, write(channel, 0));
    now = now.plusMillis(1000);
    assertTrue(fault.isActive());
    assertEquals(IoStatus.IO_ERROR, write(channel, 0));
    now = now.plusMillis(1001);
    assertEquals(IoStatus.SUCCESS, write(channel, 0));
  }

  @Test
  void aChannelThatIsOpenedLaterPlaysItAndNoneWhenItIsRemoved() {
    var _ = inject("stage=submission");
    var channel = open();
    assertEquals(IoStatus.IO_ERROR, write(channel, 0));
    var _ = slot.faults(List.of());
    one.step();
    assertEquals(IoStatus.SUCCESS, write(channel, 0));
  }

  @Test
  void whatTheDeviceDoesNotDoMeetsItAllTheSame() {
    var channel = open();
    var _ = inject("op=write&stage=completion");
    var io = new TestIo();
    one.on(() -> io.writeZeroes(channel, 1, 4));
    assertEquals(IoStatus.IO_ERROR, io.status);
  }

  @Test
  void aFlushDoesNotMeetIt() {
    var channel = open();
    var _ = inject("stage=submission");
    assertEquals(0, slot.status().inFlight());
    var io = new TestIo();
    one.on(() -> io.flush(channel));
    if (io.status == null) one.on(() -> inner().finishOne());
    assertEquals(IoStatus.SUCCESS, io.status);
  }

  @ParameterizedTest
  @CsvSource({
    "inject://a, a",
    "inject://a?, a",
    "inject:///dev/sda?op=r, /dev/sda",
    "inject://127.0.0.1:8420/nqn.2019-05.io.openebs:xn1?op=w, 127.0.0.1:8420/nqn.2019-05.io.openebs:xn1",
    "inject://a%3Fb?stage=c, a?b",
    "inject://a?domain=nexus_child&op=read_write&stage=compl&method=delay-5&retries=0, a",
  })
  void itsDeviceIsWhatStandsBeforeTheParameters(String uri, String device) throws Exception {
    var fault = InjectedFault.parse(uri, clock);
    assertEquals(device, fault.device());
    assertEquals(uri, fault.uri());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "inject",
        "inject://",
        "inject://?op=read",
        "malloc:///a",
        "inject://a%zz",
        "inject://a?op=%",
        "inject://a?op=erase",
        "inject://a?op",
        "inject://a?domain=moon",
        "inject://a?stage=later",
        "inject://a?method=data",
        "inject://a?method=status-success",
        "inject://a?method=status-",
        "inject://a?method=delay-",
        "inject://a?method=delay-0",
        "inject://a?method=delay--1",
        "inject://a?method=delay-99999999999999999999",
        "inject://a?begin_at=2&end_at=1",
        "inject://a?begin_at=x",
        "inject://a?offset=-1",
        "inject://a?retries=1.5",
        "inject://a?op=read&op=write",
        "inject://a?=1",
        "inject://a?colour=red",
      })
  void whatIsNoFaultIsRefusedWithTheUri(String uri) {
    var refusal = assertThrows(DeviceException.class, () -> InjectedFault.parse(uri, clock));
    assertTrue(
        Arrays.asList(DeviceException.Kind.INVALID_URI, DeviceException.Kind.INVALID_PARAMETER)
            .contains(refusal.kind()),
        refusal.toString());
    assertTrue(refusal.getMessage().contains(uri), refusal.getMessage());
  }

  @Test
  void rangesEndAtTheEndOfNumbers() throws Exception {
    var fault =
        InjectedFault.parse(
            "inject://a?offset=9223372036854775800&num_blk=9223372036854775807", clock);
    var io = new TestIo();
    io.prepareRead(9223372036854775801L, 1, 0, 512);
    assertTrue(fault.strikes(io));
    io.prepareRead(0, 1, 0, 512);
    assertFalse(fault.strikes(io));
  }
}
