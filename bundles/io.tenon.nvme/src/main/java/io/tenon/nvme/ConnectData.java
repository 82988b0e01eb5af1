package io.tenon.nvme;

import io.tenon.linux.Memory;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Connect command: entry fields (Base 2.0c Figure 394) and data (Figure 395).
 *
 * @param controllerId {@link #DYNAMIC_CONTROLLER} on an admin queue
 */
public record ConnectData(UUID hostId, int controllerId, String subsystemNqn, String hostNqn) {
  public static final int LENGTH_BYTES = 1024;
  public static final int DYNAMIC_CONTROLLER = 0xFFFF;

  // In the entry.
  public static final int RECFMT = 40;
  public static final int QID = 42;
  public static final int SQSIZE = 44;
  public static final int KATO = 48;

  // In the data.
  public static final int HOSTID = 0;
  public static final int CNTLID = 16;
  public static final int SUBNQN = 256;
  public static final int HOSTNQN = 512;

  /** Length of an NQN field; the name itself is at most {@link #MAX_NQN_BYTES}. */
  public static final int NQN_BYTES = 256;

  public static final int MAX_NQN_BYTES = 223;

  public static ConnectData read(long address) {
    return new ConnectData(
        uuid(address + HOSTID),
        Memory.getU16(address + CNTLID),
        text(address + SUBNQN, NQN_BYTES),
        text(address + HOSTNQN, NQN_BYTES));
  }

  /** Fills {@link #LENGTH_BYTES}. */
  public void write(long address) {
    Memory.zero(address, LENGTH_BYTES);
    putUuid(address + HOSTID, hostId);
    Memory.putShort(address + CNTLID, controllerId);
    putText(address + SUBNQN, NQN_BYTES, subsystemNqn);
    putText(address + HOSTNQN, NQN_BYTES, hostNqn);
  }

  /** Bytes in the order of the text form, as NGUID and HOSTID have them. */
  static UUID uuid(long address) {
    return new UUID(
        Long.reverseBytes(Memory.getLong(address)),
        Long.reverseBytes(Memory.getLong(address + Long.BYTES)));
  }

  static void putUuid(long address, UUID uuid) {
    Memory.putLong(address, Long.reverseBytes(uuid.getMostSignificantBits()));
    Memory.putLong(address + Long.BYTES, Long.reverseBytes(uuid.getLeastSignificantBits()));
  }

  /** Up to the first zero byte. */
  static String text(long address, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    Memory.copy(address, bytes, 0, lengthBytes);
    int end = 0;
    while (end < lengthBytes && bytes[end] != 0) end++;
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  static void putText(long address, int lengthBytes, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Memory.copy(bytes, 0, address, Math.min(bytes.length, lengthBytes));
  }
}
