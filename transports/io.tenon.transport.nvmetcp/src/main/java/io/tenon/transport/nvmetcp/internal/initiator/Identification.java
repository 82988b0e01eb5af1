package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.Geometry;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.nvme.Cns;
import io.tenon.nvme.IdentifyCommandSet;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.IdentifyNamespace;
import java.util.UUID;

/** Asks a controller what it is, and checks what it says. Waits. */
final class Identification {
  private static final int NSID = 1;
  private static final UUID NO_UUID = new UUID(0, 0);
  private static final int MAX_TRANSFER_BYTES = 1 << 20;
  private static final int MIN_BLOCK_SHIFT = 9;
  private static final int MAX_BLOCK_SHIFT = 16;

  private final AdminClient admin;

  Identification(AdminClient admin) {
    this.admin = admin;
  }

  /** What Identify Controller says that is of use here. */
  private record Abilities(
      int maxTransferBytes,
      long capsuleBytes,
      int maxCommands,
      boolean compares,
      boolean unmaps,
      boolean writesZeroes,
      boolean hasCache,
      boolean reserves,
      boolean hasLbaStatus) {
    static Abilities read(long at) {
      return new Abilities(
          IdentifyController.maxTransferBytes(at),
          IdentifyController.inCapsuleBytes(at),
          IdentifyController.maxCommands(at),
          IdentifyController.hasCompare(at),
          IdentifyController.hasDatasetManagement(at),
          IdentifyController.hasWriteZeroes(at),
          IdentifyController.hasVolatileCache(at),
          IdentifyController.hasReservations(at),
          IdentifyController.hasLbaStatus(at));
    }
  }

  /**
   * @param wantedEntries of an I/O queue
   * @param maxEntries as the controller's capabilities say
   */
  RemoteNamespace namespace(int wantedEntries, int maxEntries, int maxH2cDataBytes)
      throws ControllerException {
    Abilities abilities = admin.identify(Cns.CONTROLLER, 0, Abilities::read);
    Geometry geometry = geometry();
    int entries = Math.min(wantedEntries, maxEntries);
    if (abilities.maxCommands > 1) entries = Math.min(entries, abilities.maxCommands);
    if (entries < 2) {
      throw new ControllerException(IoStatus.IO_ERROR, "its queues have one entry only");
    }
    long mostPerR2t = (long) QueueParameters.MAX_DATA_PDUS * maxH2cDataBytes;
    long transfer = Math.min(Math.min(abilities.maxTransferBytes, mostPerR2t), MAX_TRANSFER_BYTES);
    if (transfer < geometry.blockBytes()) {
      throw new ControllerException(IoStatus.IO_ERROR, "it transfers less than a block");
    }
    return new RemoteNamespace(
        identity(),
        geometry,
        entries,
        (int) transfer & -geometry.blockBytes(),
        (int) Math.min(abilities.capsuleBytes, HostQueue.FABRICS_CAPSULE_BYTES),
        abilities.compares,
        abilities.unmaps,
        abilities.writesZeroes,
        abilities.hasCache,
        abilities.reserves,
        abilities.hasLbaStatus && returnsAllocated());
  }

  /** Others than ours know Get LBA Status for blocks that have become unreadable only. */
  private boolean returnsAllocated() throws ControllerException {
    return admin
        .identifyIfKnown(Cns.COMMAND_SET_CONTROLLER, 0, IdentifyCommandSet::returnsAllocated)
        .orElse(false);
  }

  /**
   * Shape of namespace 1, now.
   *
   * @throws ControllerException with DEVICE_GONE when it is not there
   */
  Geometry geometry() throws ControllerException {
    long[] found =
        admin.identify(
            Cns.NAMESPACE,
            NSID,
            at -> new long[] {IdentifyNamespace.blocks(at), IdentifyNamespace.blockShift(at)});
    boolean active = admin.identify(Cns.ACTIVE_NAMESPACES, 0, at -> Memory.getInt(at) == NSID);
    long blocks = found[0];
    int shift = (int) found[1];
    if (!active || blocks == 0) {
      throw new ControllerException(IoStatus.DEVICE_GONE, "it has no namespace 1");
    }
    if (shift < MIN_BLOCK_SHIFT || shift > MAX_BLOCK_SHIFT) {
      throw new ControllerException(IoStatus.UNSUPPORTED, "its blocks have 2^" + shift + " bytes");
    }
    if (blocks < 0 || blocks > Long.MAX_VALUE >>> shift) {
      throw new ControllerException(
          IoStatus.UNSUPPORTED, "it says to have " + Long.toUnsignedString(blocks) + " blocks");
    }
    return new Geometry(1 << shift, blocks);
  }

  private UUID identity() throws ControllerException {
    var described =
        admin.identifyIfKnown(Cns.NAMESPACE_DESCRIPTORS, NSID, IdentifyNamespace::identity);
    if (described.isPresent() && !described.get().equals(NO_UUID)) return described.get();
    return admin.identify(Cns.NAMESPACE, NSID, IdentifyNamespace::nguid);
  }
}
