package io.tenon.nvme;

import io.tenon.linux.Memory;

/** Identify Controller of the NVM Command Set, 1.1 §4.1.5.4: {@link Cns#COMMAND_SET_CONTROLLER}. */
public final class IdentifyCommandSet {
  private static final int AOCS = 18;

  /** RALBAS: Get LBA Status knows {@link LbaStatus#RETURN_ALLOCATED}. */
  private static final int AOCS_ALLOCATED = 1;

  private IdentifyCommandSet() {}

  /**
   * @param address of {@link Cns#LENGTH_BYTES} zeroed bytes
   */
  public static void write(long address) {
    Memory.putShort(address + AOCS, AOCS_ALLOCATED);
  }

  public static boolean returnsAllocated(long address) {
    return (Memory.getU16(address + AOCS) & AOCS_ALLOCATED) != 0;
  }
}
