package io.tenon.nvme;

import io.tenon.block.Geometry;
import io.tenon.linux.Memory;
import java.util.UUID;

/** Identify Namespace data structure, NVM Command Set 1.0c Figure 97. */
public final class IdentifyNamespace {
  private static final int NSZE = 0;
  private static final int NCAP = 8;
  private static final int NUSE = 16;
  private static final int NSFEAT = 24;
  private static final int FLBAS = 26;
  private static final int NMIC = 30;
  private static final int RESCAP = 31;
  private static final int ANAGRPID = 92;
  private static final int NGUID = 104;
  private static final int LBAF0 = 128;
  private static final int LBADS = 2;
  private static final int LBAF_BYTES = 4;
  private static final int FORMAT_MASK = 0x0F;
  private static final int NMIC_SHARED = 1;

  /** RESCAP: all six types, and IEKEY as of NVMe 1.3. */
  private static final int ALL_RESERVATIONS = 0xFE;

  private static final int RESERVATIONS_PERSIST = 1;

  /** NGUID descriptor type, Base 2.0c Figure 277. */
  private static final int NIDT_NGUID = 2;

  private static final int NIDT_UUID = 3;
  private static final int DESCRIPTOR_HEADER_BYTES = 4;
  private static final int NGUID_BYTES = 16;

  private IdentifyNamespace() {}

  /**
   * @param address of {@link Cns#LENGTH_BYTES} zeroed bytes
   * @param anaGroup 0 without ANA
   * @param keepsReservations over a restart
   */
  public static void write(
      long address, Geometry geometry, UUID nguid, int anaGroup, boolean keepsReservations) {
    Memory.putLong(address + NSZE, geometry.blockCount());
    Memory.putLong(address + NCAP, geometry.blockCount());
    Memory.putLong(address + NUSE, geometry.blockCount());
    Memory.putByte(address + NSFEAT, 0);
    Memory.putByte(address + FLBAS, 0);
    Memory.putByte(address + NMIC, NMIC_SHARED);
    Memory.putByte(address + RESCAP, reservations(keepsReservations));
    Memory.putInt(address + ANAGRPID, anaGroup);
    ConnectData.putUuid(address + NGUID, nguid);
    Memory.putByte(address + LBAF0 + LBADS, geometry.blockShift());
  }

  /** RESCAP. */
  public static int reservations(boolean kept) {
    return ALL_RESERVATIONS | (kept ? RESERVATIONS_PERSIST : 0);
  }

  /** Of the namespace at {@code address}: they survive a restart of the node that has it. */
  public static boolean keepsReservations(long address) {
    return (Memory.getU8(address + RESCAP) & RESERVATIONS_PERSIST) != 0;
  }

  /** NSZE: 0 when the namespace is not active. */
  public static long blocks(long address) {
    return Memory.getLong(address + NSZE);
  }

  /** log2 of the block size in bytes, of the format in use; whatever the controller said. */
  public static int blockShift(long address) {
    int format = Memory.getU8(address + FLBAS) & FORMAT_MASK;
    return Memory.getU8(address + LBAF0 + LBADS + (long) format * LBAF_BYTES);
  }

  public static UUID nguid(long address) {
    return ConnectData.uuid(address + NGUID);
  }

  /** Namespace identification descriptors (CNS 03h): the NGUID alone. */
  public static void writeDescriptors(long address, UUID nguid) {
    Memory.putByte(address, NIDT_NGUID);
    Memory.putByte(address + 1, NGUID_BYTES);
    ConnectData.putUuid(address + DESCRIPTOR_HEADER_BYTES, nguid);
  }

  /**
   * @return the UUID descriptor of a CNS 03h list, else the NGUID, else all zeroes
   */
  public static UUID identity(long address) {
    var nguid = new UUID(0, 0);
    int offset = 0;
    while (offset + DESCRIPTOR_HEADER_BYTES + NGUID_BYTES <= Cns.LENGTH_BYTES) {
      int type = Memory.getU8(address + offset);
      int length = Memory.getU8(address + offset + 1);
      if (type == 0 || length == 0) break;
      if (length == NGUID_BYTES) {
        var found = ConnectData.uuid(address + offset + DESCRIPTOR_HEADER_BYTES);
        if (type == NIDT_UUID) return found;
        if (type == NIDT_NGUID) nguid = found;
      }
      offset += DESCRIPTOR_HEADER_BYTES + length;
    }
    return nguid;
  }
}
