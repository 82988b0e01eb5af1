package io.tenon.nvme;

import io.tenon.block.ReservationStatus;
import io.tenon.block.ReservationStatus.Registrant;
import io.tenon.block.ReservationType;
import io.tenon.linux.Memory;
import java.util.ArrayList;
import java.util.UUID;

/** Fields and data structures of the reservation commands, Base 2.0c §7.2 to §7.5. */
public final class ReservationLayout {
  public static final int REGISTER_BYTES = 16;
  public static final int ACQUIRE_BYTES = 16;
  public static final int RELEASE_BYTES = 8;

  /** In the data of all three: the key that the host has. */
  public static final int CURRENT_KEY = 0;

  /** In the data of Register: the key that it gets; of Acquire: the key to preempt. */
  public static final int OTHER_KEY = 8;

  // In dword 10 of all three.
  public static final int ACTION_MASK = 7;
  public static final int IGNORE_EXISTING_KEY = 1 << 3;

  /** RTYPE of Acquire and Release, 8 bits. */
  public static final int TYPE_SHIFT = 8;

  // RREGA.
  public static final int REGISTER = 0;
  public static final int UNREGISTER = 1;
  public static final int REPLACE = 2;

  // RACQA.
  public static final int ACQUIRE = 0;
  public static final int PREEMPT = 1;
  public static final int PREEMPT_AND_ABORT = 2;

  // RRELA.
  public static final int RELEASE = 0;
  public static final int CLEAR = 1;

  /** CPTPL of Register, 2 bits. */
  public static final int PERSISTENCE_SHIFT = 30;

  public static final int PERSISTENCE_AS_IT_IS = 0;
  public static final int PERSISTENCE_OFF = 2;
  public static final int PERSISTENCE_ON = 3;

  /** In dword 11 of Report: EDS. */
  public static final int EXTENDED = 1;

  /** CNTLID of a registrant when it is not said by which controller it came. */
  public static final int ANY_CONTROLLER = 0xFFFF;

  private static final int GEN = 0;
  private static final int RTYPE = 4;
  private static final int REGCTL = 5;
  private static final int PTPLS = 9;
  private static final int HEADER_BYTES = 24;
  private static final int EXTENDED_HEADER_BYTES = 64;
  private static final int REGISTRANT_BYTES = 24;
  private static final int EXTENDED_REGISTRANT_BYTES = 64;

  // In a registered controller data structure.
  private static final int CNTLID = 0;
  private static final int RCSTS = 2;
  private static final int SHORT_HOSTID = 8;
  private static final int SHORT_RKEY = 16;
  private static final int EXTENDED_RKEY = 8;
  private static final int EXTENDED_HOSTID = 16;

  private ReservationLayout() {}

  /** Of a report with all of its registrants. */
  public static int reportBytes(int registrants, boolean extended) {
    return extended
        ? EXTENDED_HEADER_BYTES + registrants * EXTENDED_REGISTRANT_BYTES
        : HEADER_BYTES + registrants * REGISTRANT_BYTES;
  }

  /** REGCTL of a report that may have been cut off behind its header. */
  public static int registrants(long address) {
    return Memory.getU16(address + REGCTL);
  }

  /**
   * @param address of zeroed memory for {@link #reportBytes}
   */
  public static void write(long address, ReservationStatus status, boolean extended) {
    Memory.putInt(address + GEN, (int) status.generation());
    Memory.putByte(address + RTYPE, status.type().map(ReservationType::code).orElse(0));
    Memory.putShort(address + REGCTL, status.registrants().size());
    Memory.putByte(address + PTPLS, status.persists() ? 1 : 0);
    long at = address + reportBytes(0, extended);
    for (var one : status.registrants()) {
      Memory.putShort(at + CNTLID, one.controllerId());
      Memory.putByte(at + RCSTS, one.isHolder() ? 1 : 0);
      if (extended) {
        Memory.putLong(at + EXTENDED_RKEY, one.key());
        ConnectData.putUuid(at + EXTENDED_HOSTID, one.hostId());
        at += EXTENDED_REGISTRANT_BYTES;
      } else {
        Memory.putLong(at + SHORT_RKEY, one.key());
        Memory.putLong(at + SHORT_HOSTID, one.hostId().getLeastSignificantBits());
        at += REGISTRANT_BYTES;
      }
    }
  }

  /**
   * @param address of a report of {@code lengthBytes}, from whoever; registrants beyond its end are not read
   */
  public static ReservationStatus read(long address, int lengthBytes, boolean extended) {
    int step = extended ? EXTENDED_REGISTRANT_BYTES : REGISTRANT_BYTES;
    int room = Math.max(0, (lengthBytes - reportBytes(0, extended)) / step);
    int count = Math.min(registrants(address), room);
    var found = new ArrayList<Registrant>(count);
    for (int i = 0; i < count; i++) {
      long at = address + reportBytes(i, extended);
      found.add(
          new Registrant(
              Memory.getU16(at + CNTLID),
              (Memory.getU8(at + RCSTS) & 1) != 0,
              Memory.getLong(at + (extended ? EXTENDED_RKEY : SHORT_RKEY)),
              extended
                  ? ConnectData.uuid(at + EXTENDED_HOSTID)
                  : new UUID(0, Memory.getLong(at + SHORT_HOSTID))));
    }
    return new ReservationStatus(
        Memory.getU32(address + GEN),
        ReservationType.of(Memory.getU8(address + RTYPE)),
        (Memory.getU8(address + PTPLS) & 1) != 0,
        found);
  }
}
