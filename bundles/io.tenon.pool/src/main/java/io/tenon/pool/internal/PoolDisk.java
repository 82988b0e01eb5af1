package io.tenon.pool.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Handover;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.reactor.Reactor;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A pool's disk: claimed for it, and closed with it when it was opened for it. May block; never on a reactor. */
final class PoolDisk implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PoolDisk.class);
  private static final int SUPER_BLOCK_BYTES = 4096;

  /** What a service leaves to its successor with a disk: whether the disk is closed with its pool. */
  private static final String HANDOVER = "io.tenon.pool.disk";

  private static final int HANDOVER_VERSION = 1;
  private static final String CLOSES = "closes";

  private final String pool;
  private final String given;

  /** Of the device, when it was given. */
  private final String opened;

  private final DeviceSlot slot;
  private final DeviceSlot.Claim claim;
  private final boolean openedHere;
  private final BlockDevices devices;
  private final Reactor reactor;

  private PoolDisk(
      String pool,
      String given,
      DeviceSlot slot,
      DeviceSlot.Claim claim,
      boolean openedHere,
      BlockDevices devices,
      Reactor reactor) {
    this.pool = pool;
    this.given = given;
    this.opened = slot.uri();
    this.slot = slot;
    this.claim = claim;
    this.openedHere = openedHere;
    this.devices = devices;
    this.reactor = reactor;
  }

  /** Whose a pool's disk is, as people read it. */
  static String owner(String pool) {
    return "pool " + pool;
  }

  /** A path means an {@code aio://} URI. */
  static String uri(String disk) {
    return disk.startsWith("/") ? "aio://" + disk : disk;
  }

  static PoolDisk open(String pool, String disk, BlockDevices devices, Reactor reactor)
      throws PoolException {
    String uri = uri(disk);
    try {
      boolean isNew = devices.find(uri).isEmpty();
      var slot = devices.findOrCreate(uri);
      var claim = claim(pool, slot, isNew, devices);
      boolean openedHere = isNew || closes(claim);
      return new PoolDisk(pool, disk, slot, claim, openedHere, devices, reactor);
    } catch (DeviceException e) {
      throw new PoolException(
          Kind.DISK, "Disk %s cannot be had for pool %s.".formatted(disk, pool), e);
    }
  }

  private static DeviceSlot.Claim claim(
      String pool, DeviceSlot slot, boolean openedHere, BlockDevices devices)
      throws DeviceException {
    try {
      return slot.claim(owner(pool));
    } catch (DeviceException e) {
      if (openedHere) devices.destroy(slot);
      throw e;
    }
  }

  private static boolean closes(DeviceSlot.Claim claim) {
    return claim
        .left()
        .filter(left -> left.format().equals(HANDOVER) && left.version() == HANDOVER_VERSION)
        .flatMap(left -> left.value(CLOSES, Boolean.class))
        .orElse(false);
  }

  DeviceSlot slot() {
    return slot;
  }

  /** As given, until it is opened by another URI. */
  String uri() {
    String now = slot.uri();
    return now.equals(opened) ? given : now;
  }

  boolean isThisDisk(String disk) {
    return disk.equals(given)
        || disk.equals(uri())
        || devices.find(uri(disk)).equals(Optional.of(slot));
  }

  /** What somebody would miss if it were formatted; empty when nothing that is known is on it. */
  Optional<String> content() throws PoolException {
    try (var io = new PlainIo(slot, reactor)) {
      return Signatures.find(io, slot.geometry());
    } catch (DeviceException e) {
      throw new PoolException(
          Kind.DISK, "Disk %s was not looked at for pool %s.".formatted(uri(), pool), e);
    }
  }

  /** Nobody takes it for a pool any more. */
  void eraseSuperBlock() throws PoolException {
    try (var io = new PlainIo(slot, reactor)) {
      io.writeZeroes(0, SUPER_BLOCK_BYTES);
      io.flush();
    } catch (DeviceException e) {
      throw new PoolException(
          Kind.DISK, "Disk %s still looks like pool %s.".formatted(uri(), pool), e);
    }
  }

  /** The pool's service is being replaced: the disk stays open, and the pool's until it is loaded again. */
  void leave() {
    claim.leave(new Handover(HANDOVER, HANDOVER_VERSION, Map.of(CLOSES, openedHere)));
  }

  /** The pool was not opened: what came from a predecessor waits on for a successor. */
  void giveBack() {
    if (claim.left().isPresent()) leave();
    else close();
  }

  /** Gives it back. */
  @Override
  public void close() {
    claim.close();
    if (!openedHere) return;
    try {
      devices.destroy(slot);
    } catch (DeviceException e) {
      log.warn("pool {}: disk {} stays open: {}", pool, slot.name(), e.getMessage());
    }
  }
}
