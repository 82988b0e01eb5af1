package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.Feature;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.NvmeTarget.Origin;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a host is told when the device of a nexus fails. */
class FailingDeviceTest extends TargetFixture {
  private static final int RETRY_DELAY_SHIFT = 11;

  @Override
  ShareOptions options() {
    return new ShareOptions(Set.of(), 1, 8, false, Origin.NEXUS);
  }

  private static int expected(IoStatus status) {
    return switch (status) {
      case SUCCESS -> NvmeStatus.SUCCESS;
      case IO_ERROR, TIMED_OUT -> NvmeStatus.INTERNAL_ERROR;
      case OUT_OF_RANGE -> NvmeStatus.LBA_OUT_OF_RANGE | NvmeStatus.DO_NOT_RETRY;
      case UNSUPPORTED -> NvmeStatus.INVALID_OPCODE | NvmeStatus.DO_NOT_RETRY;
      case NO_SPACE -> NvmeStatus.CAPACITY_EXCEEDED;
      case MISCOMPARE -> NvmeStatus.COMPARE_FAILURE | NvmeStatus.DO_NOT_RETRY;
      case RESERVATION_CONFLICT -> NvmeStatus.RESERVATION_CONFLICT;
      case DEVICE_GONE -> NvmeStatus.INTERNAL_PATH_ERROR;
      case ABORTED -> NvmeStatus.ABORT_REQUESTED;
    };
  }

  private static void enableRetryDelays(TestHost admin) {
    var set =
        admin.command(
            Opcode.SET_FEATURES, 512, sqe -> Memory.putInt(sqe + Sqe.CDW10, Feature.HOST_BEHAVIOR));
    Memory.putByte(set.data, 1);
    assertEquals(0, admin.call(set).status());
  }

  @Test
  void aHostOfADeviceThatIsLostLosesItsConnectionEvenWhenItIsIdle() {
    var io = ioQueue();
    var _ = subsystem.device().fail("It was unplugged.");
    assertTrue(TestReactors.await(admin.disconnected).contains("unplugged"));
    TestReactors.await(io.disconnected);
  }

  @ParameterizedTest
  @EnumSource(value = IoStatus.class, mode = EnumSource.Mode.EXCLUDE, names = "SUCCESS")
  void theHostGetsTheStatusAndTheErrorLogKeepsIt(IoStatus status) {
    var io = ioQueue();
    device.answer(status);
    for (int opcode : new int[] {Opcode.READ, Opcode.WRITE, Opcode.FLUSH, Opcode.WRITE_ZEROES}) {
      var failed = io.call(io.io(opcode, 17, 8, 0));
      assertEquals(expected(status), failed.status(), "opcode " + opcode);
      settle();
      var page = admin.logPage(LogPage.ERRORS, 0, 0, 64);
      assertEquals(1, Memory.getU16(page.data + 8), "queue");
      assertEquals(failed.commandId(), Memory.getU16(page.data + 10));
      assertEquals(expected(status), Memory.getU16(page.data + 12) >>> 1);
      assertEquals(17, Memory.getLong(page.data + 16));
      assertEquals(1, Memory.getInt(page.data + 24));
    }
    assertEquals(4, Memory.getLong(admin.logPage(LogPage.ERRORS, 0, 0, 64).data), "counted");
  }

  @ParameterizedTest
  @CsvSource({
    "IO_ERROR,1",
    "NO_SPACE,2",
    "RESERVATION_CONFLICT,2",
    "DEVICE_GONE,1",
    "MISCOMPARE,0"
  })
  void onlyAHostThatHonoursRetryDelaysIsGivenOne(IoStatus status, int delay) {
    var io = ioQueue();
    device.answer(status);
    assertEquals(expected(status), io.call(io.io(Opcode.READ, 0, 1, 0)).status());
    enableRetryDelays(admin);
    int delayed = io.call(io.io(Opcode.READ, 0, 1, 0)).status();
    assertEquals(expected(status) | delay << RETRY_DELAY_SHIFT, delayed);
  }

  @Test
  void theErrorLogKeepsTheNewestOfMany() {
    var io = ioQueue();
    device.answer(IoStatus.IO_ERROR);
    for (int i = 0; i < 70; i++) io.call(io.io(Opcode.READ, i, 1, 0));
    settle();
    var page = admin.logPage(LogPage.ERRORS, 0, 0, 4096);
    assertEquals(70, Memory.getLong(page.data));
    assertEquals(69, Memory.getLong(page.data + 16));
    assertEquals(7, Memory.getLong(page.data + 63 * 64));
  }
}
