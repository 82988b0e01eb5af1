package io.tenon.nvme;

import io.tenon.linux.Memory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Identify Controller data structure, Base 2.0c Figure 275. */
public final class IdentifyController {
  public static final int MAX_ASYNC_EVENTS = 4;

  /** Aborts at a time, ACL. */
  public static final int MAX_ABORTS = 4;

  public static final int ERROR_LOG_ENTRIES = 64;

  /** OAES and the async event configuration feature. */
  public static final int EVENT_NAMESPACE = 1 << 8;

  public static final int EVENT_ANA = 1 << 11;
  public static final int EVENT_DISCOVERY = 1 << 31;

  /** KAS: keep-alive granularity, 100 ms units. */
  public static final int KEEP_ALIVE_GRANULARITY = 10;

  private static final int SN = 4;
  private static final int SN_BYTES = 20;
  private static final int MN = 24;
  private static final int MN_BYTES = 40;
  private static final int FR = 64;
  private static final int FR_BYTES = 8;
  private static final int CMIC = 76;
  private static final int MDTS = 77;
  private static final int CNTLID = 78;
  private static final int VER = 80;
  private static final int OAES = 92;
  private static final int CTRATT = 96;
  private static final int CNTRLTYPE = 111;
  private static final int CRDT = 128;
  private static final int OACS = 256;
  private static final int ACL = 258;
  private static final int AERL = 259;
  private static final int FRMW = 260;
  private static final int LPA = 261;
  private static final int ELPE = 262;
  private static final int WCTEMP = 266;
  private static final int CCTEMP = 268;
  private static final int KAS = 320;
  private static final int ANATT = 342;
  private static final int ANACAP = 343;
  private static final int ANAGRPMAX = 344;
  private static final int NANAGRPID = 348;
  private static final int SQES = 512;
  private static final int CQES = 513;
  private static final int MAXCMD = 514;
  private static final int NN = 516;
  private static final int ONCS = 520;
  private static final int FUSES = 522;
  private static final int VWC = 525;
  private static final int SGLS = 536;
  private static final int MNAN = 540;
  private static final int SUBNQN = 768;
  private static final int IOCCSZ = 1792;
  private static final int IORCSZ = 1796;
  private static final int MSDBD = 1803;
  private static final int OFCS = 1804;

  private static final int CMIC_SEVERAL_CONTROLLERS = 1 << 1;
  private static final int CMIC_ANA = 1 << 3;
  private static final int CTRATT_HOST_ID_128 = 1;
  private static final int LPA_EFFECTS_AND_EXTENDED = 1 << 1 | 1 << 2;
  private static final int FRMW_ONE_READ_ONLY_SLOT = 1 << 1 | 1;
  private static final int WARNING_KELVIN = 343;
  private static final int CRITICAL_KELVIN = 373;
  private static final int ANATT_SECONDS = 10;
  private static final int ANACAP_REPORTS = 1 | 1 << 1 | 1 << 2;

  private static final int OACS_LBA_STATUS = 1 << 9;
  private static final int ONCS_RESERVATIONS = 1 << 5;

  /** Compare, Dataset Management, Write Zeroes, Select of Get Features, reservations. */
  private static final int ONCS_OFFERED = 1 | 1 << 2 | 1 << 3 | 1 << 4 | ONCS_RESERVATIONS;

  private static final int FUSES_COMPARE_AND_WRITE = 1;

  /** There is a volatile write cache, and Flush takes the broadcast namespace. */
  private static final int VWC_PRESENT = 1 | 3 << 1;

  /** SGLs without alignment rules, addresses may be offsets. */
  private static final int SGLS_OFFERED = 1 | 1 << 20;

  /** Disconnect. */
  private static final int OFCS_OFFERED = 1;

  private static final int ENTRY_SIZES_SQ = 0x66;
  private static final int ENTRY_SIZES_CQ = 0x44;
  private static final int CAPSULE_UNIT_BYTES = 16;
  private static final int PAGE_SHIFT = 12;

  private IdentifyController() {}

  /**
   * What a controller says of itself.
   *
   * @param discovery a discovery controller, which has no namespaces and no I/O queues
   * @param retryDelays command retry delay times 1 to 3, in units of 100 ms
   */
  public record Description(
      String serial,
      String model,
      String firmware,
      String subsystemNqn,
      int controllerId,
      int version,
      boolean discovery,
      boolean ana,
      List<Integer> retryDelays,
      TransportLimits limits) {}

  /**
   * @param address of {@link Cns#LENGTH_BYTES} zeroed bytes
   */
  public static void write(long address, Description it) {
    putPadded(address + SN, SN_BYTES, it.serial());
    putPadded(address + MN, MN_BYTES, it.model());
    putPadded(address + FR, FR_BYTES, it.firmware());
    int maxIoPages = it.limits().maxIoBytes() >>> PAGE_SHIFT;
    Memory.putByte(address + MDTS, Integer.SIZE - 1 - Integer.numberOfLeadingZeros(maxIoPages));
    Memory.putShort(address + CNTLID, it.controllerId());
    Memory.putInt(address + VER, it.version());
    Memory.putInt(address + CTRATT, CTRATT_HOST_ID_128);
    Memory.putByte(address + CNTRLTYPE, it.discovery() ? 2 : 1);
    Memory.putByte(address + AERL, MAX_ASYNC_EVENTS - 1);
    Memory.putByte(address + LPA, LPA_EFFECTS_AND_EXTENDED);
    Memory.putByte(address + ELPE, ERROR_LOG_ENTRIES - 1);
    Memory.putShort(address + KAS, KEEP_ALIVE_GRANULARITY);
    Memory.putShort(address + MAXCMD, it.limits().maxQueueDepth());
    Memory.putInt(address + SGLS, SGLS_OFFERED);
    ConnectData.putText(address + SUBNQN, ConnectData.NQN_BYTES, it.subsystemNqn());
    if (it.discovery()) {
      Memory.putInt(address + OAES, EVENT_DISCOVERY);
    } else {
      writeIo(address, it);
    }
  }

  private static void writeIo(long address, Description it) {
    Memory.putByte(address + CMIC, CMIC_SEVERAL_CONTROLLERS | (it.ana() ? CMIC_ANA : 0));
    Memory.putInt(address + OAES, EVENT_NAMESPACE | (it.ana() ? EVENT_ANA : 0));
    for (int i = 0; i < it.retryDelays().size(); i++) {
      Memory.putShort(address + CRDT + (long) i * Short.BYTES, it.retryDelays().get(i));
    }
    Memory.putShort(address + OACS, OACS_LBA_STATUS);
    Memory.putByte(address + ACL, MAX_ABORTS - 1);
    Memory.putByte(address + FRMW, FRMW_ONE_READ_ONLY_SLOT);
    Memory.putShort(address + WCTEMP, WARNING_KELVIN);
    Memory.putShort(address + CCTEMP, CRITICAL_KELVIN);
    if (it.ana()) {
      Memory.putByte(address + ANATT, ANATT_SECONDS);
      Memory.putByte(address + ANACAP, ANACAP_REPORTS);
    }
    // Also without ANA: tools size their buffer for the ANA log by these.
    Memory.putInt(address + ANAGRPMAX, 1);
    Memory.putInt(address + NANAGRPID, 1);
    Memory.putByte(address + SQES, ENTRY_SIZES_SQ);
    Memory.putByte(address + CQES, ENTRY_SIZES_CQ);
    Memory.putInt(address + NN, 1);
    // Hosts refuse a controller with ANA that has none: Linux sizes its buffer for the ANA log by
    // it.
    Memory.putInt(address + MNAN, 1);
    Memory.putShort(address + ONCS, ONCS_OFFERED);
    Memory.putShort(address + FUSES, FUSES_COMPARE_AND_WRITE);
    Memory.putByte(address + VWC, VWC_PRESENT);
    Memory.putInt(
        address + IOCCSZ, (Sqe.LENGTH_BYTES + it.limits().inCapsuleBytes()) / CAPSULE_UNIT_BYTES);
    Memory.putInt(address + IORCSZ, 1);
    Memory.putByte(address + MSDBD, 1);
    Memory.putShort(address + OFCS, OFCS_OFFERED);
  }

  private static void putPadded(long address, int lengthBytes, String text) {
    byte[] field = new byte[lengthBytes];
    Arrays.fill(field, (byte) ' ');
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, field, 0, Math.min(bytes.length, lengthBytes));
    Memory.copy(field, 0, address, lengthBytes);
  }

  /** MDTS in bytes, for pages of 4 KiB; {@code Integer.MAX_VALUE} for no limit. */
  public static int maxTransferBytes(long address) {
    int mdts = Memory.getU8(address + MDTS);
    return mdts == 0 || mdts + PAGE_SHIFT > 30 ? Integer.MAX_VALUE : 1 << (mdts + PAGE_SHIFT);
  }

  /** Data that fits into the capsule of an I/O queue, bytes. */
  public static long inCapsuleBytes(long address) {
    return Math.max(0, Memory.getU32(address + IOCCSZ) * CAPSULE_UNIT_BYTES - Sqe.LENGTH_BYTES);
  }

  public static int maxCommands(long address) {
    return Memory.getU16(address + MAXCMD);
  }

  /** Get LBA Status, OACS bit 9; which actions it knows, {@link IdentifyCommandSet} says. */
  public static boolean hasLbaStatus(long address) {
    return (Memory.getU16(address + OACS) & OACS_LBA_STATUS) != 0;
  }

  /** Optional commands, ONCS. */
  public static boolean hasCompare(long address) {
    return (Memory.getU16(address + ONCS) & 1) != 0;
  }

  public static boolean hasDatasetManagement(long address) {
    return (Memory.getU16(address + ONCS) & 1 << 2) != 0;
  }

  public static boolean hasWriteZeroes(long address) {
    return (Memory.getU16(address + ONCS) & 1 << 3) != 0;
  }

  public static boolean hasReservations(long address) {
    return (Memory.getU16(address + ONCS) & ONCS_RESERVATIONS) != 0;
  }

  public static boolean hasCompareAndWrite(long address) {
    return (Memory.getU16(address + FUSES) & 1) != 0;
  }

  public static boolean hasVolatileCache(long address) {
    return (Memory.getU8(address + VWC) & 1) != 0;
  }

  public static String serial(long address) {
    return ConnectData.text(address + SN, SN_BYTES).strip();
  }

  public static String model(long address) {
    return ConnectData.text(address + MN, MN_BYTES).strip();
  }
}
