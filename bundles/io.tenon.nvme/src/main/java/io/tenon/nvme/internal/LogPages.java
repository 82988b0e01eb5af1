package io.tenon.nvme.internal;

import io.tenon.linux.Memory;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Get Log Page, Base 2.0c §5.16. Pages are made whole and then cut, so that offsets need no thought. */
final class LogPages {
  private static final int RETAIN_EVENT = 1 << 15;
  private static final int SMART_BYTES = 512;
  private static final int SMART_TEMPERATURE = 1;
  private static final int SMART_SPARE = 3;
  private static final int SMART_SPARE_THRESHOLD = 4;
  private static final int SMART_UNITS_READ = 32;
  private static final int SMART_UNITS_WRITTEN = 48;
  private static final int SMART_READS = 64;
  private static final int SMART_WRITES = 80;
  private static final int SMART_ERRORS = 176;
  private static final int TEMPERATURE_KELVIN = 298;
  private static final int PERCENT = 100;
  private static final int SPARE_THRESHOLD = 10;

  /** A data unit of SMART: thousand times 512 bytes. */
  private static final long DATA_UNIT_BYTES = 512_000;

  private static final int CHANGED_BYTES = 4096;
  private static final int EFFECTS_BYTES = 4096;
  private static final int EFFECTS_IO = 1024;
  private static final int SUPPORTED = 1;
  private static final int CHANGES_DATA = 1 << 1;

  private static final int SPECIFIC_MASK = 0x7F;

  private final Controller controller;
  private Kept kept = new Kept(0, 0, 0, none());

  /** A page of the home's, as it was read last. */
  private static final class Kept {
    final int id;
    final int specific;
    final long generation;
    final byte[] content;

    Kept(int id, int specific, long generation, byte[] content) {
      this.id = id;
      this.specific = specific;
      this.generation = generation;
      this.content = content;
    }
  }

  LogPages(Controller controller) {
    this.controller = controller;
  }

  /** NUMD: dwords, counted from 0. */
  static long lengthBytes(long sqe) {
    long low = Memory.getU16(sqe + Sqe.CDW10 + Short.BYTES);
    long high = Memory.getU16(sqe + Sqe.CDW11);
    return ((high << Short.SIZE | low) + 1) * Integer.BYTES;
  }

  /**
   * @return status
   */
  int read(NvmeCommand command) {
    long sqe = command.sqe();
    int id = Memory.getU8(sqe + Sqe.CDW10);
    long offset = Memory.getLong(sqe + Sqe.CDW12);
    byte[] page = page(id, Memory.getU8(sqe + Sqe.CDW10 + 1) & SPECIFIC_MASK, offset);
    if (page.length == 0) return NvmeStatus.INVALID_LOG_PAGE | NvmeStatus.DO_NOT_RETRY;
    if (offset < 0 || offset % Integer.BYTES != 0 || offset > page.length) {
      return Identify.invalidField();
    }
    long address = command.dataAddress();
    int length = command.transferBytes();
    int available = (int) Math.min(length, page.length - offset);
    Memory.copy(page, (int) offset, address, available);
    Memory.zero(address + available, length - available);
    if ((Memory.getU16(sqe + Sqe.CDW10) & RETAIN_EVENT) == 0) wasRead(id);
    return NvmeStatus.SUCCESS;
  }

  private void wasRead(int id) {
    if (id == LogPage.CHANGED_NAMESPACES) controller.namespaceChangeWasRead();
    controller.events().wasRead(id);
    if (id == LogPage.RESERVATION_NOTIFICATION) controller.reservationLogWasRead();
  }

  /**
   * @param specific LSP
   */
  private byte[] page(int id, int specific, long offset) {
    boolean io = controller.home().hasIo();
    return switch (id) {
      case LogPage.ERRORS -> controller.errors().page();
      case LogPage.SMART -> io ? smart() : none();
      case LogPage.FIRMWARE_SLOTS -> io ? firmware() : none();
      case LogPage.CHANGED_NAMESPACES -> io ? changedNamespaces() : none();
      case LogPage.COMMANDS_AND_EFFECTS -> io ? effects() : none();
      case LogPage.RESERVATION_NOTIFICATION -> io ? controller.reservationLog().page() : none();
      default -> ofHome(id, specific, offset);
    };
  }

  /** A page that may change and takes several reads: what follows the first is as the first found it. */
  private byte[] ofHome(int id, int specific, long offset) {
    boolean isSame = kept.id == id && kept.specific == specific;
    if (isSame && offset > 0) return kept.content;
    long generation = controller.home().logGeneration(id);
    if (!isSame || kept.generation != generation) {
      byte[] content = controller.home().logPage(id, specific, controller);
      kept = new Kept(id, specific, generation, content);
    }
    return kept.content;
  }

  private static byte[] none() {
    return new byte[0];
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private byte[] smart() {
    var totals = controller.totals();
    long blockBytes = controller.home() instanceof ServedSubsystem s ? s.blockBytes() : 1;
    return buffer(SMART_BYTES)
        .putShort(SMART_TEMPERATURE, (short) TEMPERATURE_KELVIN)
        .put(SMART_SPARE, (byte) PERCENT)
        .put(SMART_SPARE_THRESHOLD, (byte) SPARE_THRESHOLD)
        .putLong(SMART_UNITS_READ, units(totals.blocksRead, blockBytes))
        .putLong(SMART_UNITS_WRITTEN, units(totals.blocksWritten, blockBytes))
        .putLong(SMART_READS, totals.reads)
        .putLong(SMART_WRITES, totals.writes)
        .putLong(SMART_ERRORS, controller.errors().count())
        .array();
  }

  /** Rounded up. */
  private static long units(long blocks, long blockBytes) {
    return (blocks * blockBytes + DATA_UNIT_BYTES - 1) / DATA_UNIT_BYTES;
  }

  private byte[] firmware() {
    byte[] page = new byte[SMART_BYTES];
    page[0] = 1; // slot 1 is active
    Arrays.fill(page, 8, 16, (byte) ' ');
    byte[] revision =
        controller.home().describe(controller).firmware().getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(revision, 0, page, 8, Math.min(8, revision.length));
    return page;
  }

  private byte[] changedNamespaces() {
    return buffer(CHANGED_BYTES).putInt(0, controller.namespaceChanged() ? 1 : 0).array();
  }

  private static byte[] effects() {
    byte[] bytes = new byte[EFFECTS_BYTES];
    var page = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int opcode :
        new int[] {
          Opcode.GET_LOG_PAGE,
          Opcode.IDENTIFY,
          Opcode.ABORT,
          Opcode.SET_FEATURES,
          Opcode.GET_FEATURES,
          Opcode.ASYNC_EVENT_REQUEST,
          Opcode.KEEP_ALIVE,
          Opcode.GET_LBA_STATUS
        }) {
      page.putInt(opcode * Integer.BYTES, SUPPORTED);
    }
    for (int opcode :
        new int[] {
          Opcode.FLUSH,
          Opcode.READ,
          Opcode.COMPARE,
          Opcode.RESERVATION_REGISTER,
          Opcode.RESERVATION_REPORT,
          Opcode.RESERVATION_ACQUIRE,
          Opcode.RESERVATION_RELEASE
        }) {
      page.putInt(EFFECTS_IO + opcode * Integer.BYTES, SUPPORTED);
    }
    for (int opcode : new int[] {Opcode.WRITE, Opcode.WRITE_ZEROES, Opcode.DATASET_MANAGEMENT}) {
      page.putInt(EFFECTS_IO + opcode * Integer.BYTES, SUPPORTED | CHANGES_DATA);
    }
    return bytes;
  }
}
