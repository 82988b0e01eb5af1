package io.tenon.nexus.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimMedium;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;

/** Where a child of a {@link RebuildRun} lives: a medium, and one disk after the other over it. */
final class SimPlace {
  private final RebuildRun run;
  private final SplittableRandom random;
  private final String uri;
  private final Geometry geometry;
  private final SplittableRandom chance;
  private final boolean isThin;
  private final Set<Long> written = new HashSet<>();
  private SimMedium medium = new SimMedium();
  private SimDisk disk;
  private DeviceSlot slot;
  private SimDisk.Faults faults;
  private boolean good;
  private boolean idle = true;
  private boolean healed;
  private boolean onRecordAsOut;
  private boolean lacksAcknowledged;

  SimPlace(RebuildRun run, int index, boolean good, long dataBlocks) {
    this.run = run;
    this.good = good;
    random = run.random.split();
    chance = run.thinness.split();
    isThin = chance.nextBoolean();
    uri = random.nextBoolean() ? "nvmf://far:8420/disk" + index : "aio:///disk" + index;
    geometry =
        new Geometry(
            RebuildRun.BLOCK_BYTES,
            DataArea.RESERVED_BYTES / RebuildRun.BLOCK_BYTES + dataBlocks + 34 + random.nextInt(9));
    faults = good || random.nextInt(3) == 0 ? sound() : sick();
    disk = disk();
    slot = run.slot(seen(), uri);
  }

  private SimDisk.Faults sound() {
    if (random.nextInt(5) == 0) return SimDisk.Faults.memory();
    return new SimDisk.Faults(
        random.nextInt(2) * 0.3,
        1 + random.nextLong(200_000),
        0,
        0,
        0,
        0,
        0,
        random.nextInt(3) == 0 ? 0.2 : 0,
        random.nextBoolean());
  }

  private SimDisk.Faults sick() {
    return new SimDisk.Faults(
        random.nextInt(2) * 0.3,
        1 + random.nextLong(200_000),
        random.nextInt(2) * 0.01,
        random.nextInt(4) == 0 ? 0.005 : 0,
        random.nextInt(4) == 0 ? 0.002 : 0,
        random.nextInt(4) == 0 ? 0.002 : 0,
        random.nextInt(4) == 0 ? 0.002 : 0,
        random.nextInt(3) == 0 ? 0.2 : 0,
        random.nextBoolean());
  }

  private SimDisk disk() {
    var now = healed ? SimDisk.Faults.none(50_000) : faults;
    var made = new SimDisk("disk" + uri, geometry, medium, run.world, now, run, false);
    if (run.hasSlowWrites()) made.dawdle(0.3, 4_000_000, Set.of(IoOperation.WRITE));
    return made;
  }

  /** Half of them say where they hold data. */
  private BlockDevice seen() {
    return isThin ? new ThinDisk(disk, chance) : disk;
  }

  String uri() {
    return uri;
  }

  boolean isGood() {
    return good;
  }

  /** It is the only one that holds everything, so it works from now on. */
  void protect() {
    good = true;
    faults = sound();
    disk.faults(faults);
  }

  SimMedium medium() {
    return medium;
  }

  // ---- the device

  /** For a new nexus. */
  DeviceSlot open() {
    idle = false;
    return slot;
  }

  /**
   * For a nexus that it comes back to.
   *
   * @param forgets what it had not made durable may be gone
   */
  DeviceSlot reopen(boolean forgets) {
    if (!idle) throw new AssertionError(uri + " is opened twice");
    checkNoChannels();
    if (forgets) disk.losePower();
    else disk.crash();
    disk = disk();
    slot = run.slot(seen(), uri);
    idle = false;
    return slot;
  }

  /** Another disk is put in, while it is out. */
  SimMedium replaceMedium() {
    disk.crash();
    medium = new SimMedium();
    written.clear();
    return medium;
  }

  void isIdle(Child child) {
    if (child.slot() != slot) throw new AssertionError(uri + ": another device is idle");
    checkNoChannels();
    idle = true;
  }

  boolean isIdle() {
    return idle;
  }

  void checkNoChannels() {
    if (disk.openChannels() != 0) throw new AssertionError(uri + " has open channels");
  }

  /** The node of the nexus is gone, and with it what was under way to here. */
  void nodeHasCrashed() {
    disk.crash();
    disk = disk();
    slot = run.slot(seen(), uri);
    idle = true;
  }

  // ---- faults

  void breakDown() {
    if (good || idle) return;
    switch (random.nextInt(5)) {
      case 0 -> {
        var victim = disk;
        victim.crash();
        run.node().main().schedule(random.nextLong(3_000_000), () -> victim.lose("no keep-alive"));
      }
      case 1 -> disk.lose("unplugged");
      case 2, 3 -> {
        if (run.mayForget()) disk.restart(false);
      }
      default -> {
        if (run.mayForget()) disk.listener().interrupted(IoStatus.TIMED_OUT, "silent for a while");
      }
    }
  }

  void restartIf(SimDisk one) {
    if (one == disk && !good && !idle && run.mayForget()) disk.restart(false);
  }

  /** No more faults; what is broken stays so until it is opened again. */
  void heal() {
    healed = true;
    disk.faults(SimDisk.Faults.none(50_000));
    if (disk.isCrashed()) disk.lose("no keep-alive");
  }

  // ---- what must hold

  void isOnRecordAsOut(boolean now) {
    onRecordAsOut = now;
    if (!now) lacksAcknowledged = false;
  }

  boolean isOnRecordAsOut() {
    return onRecordAsOut;
  }

  void acknowledged(long[] stamps) {
    for (long stamp : stamps) {
      if (written.contains(stamp)) continue;
      lacksAcknowledged = true;
      if (!onRecordAsOut) {
        throw new AssertionError(
            "a write is acknowledged that %s lacks, which is not on record".formatted(uri));
      }
    }
  }

  void readSubmitted(SimDisk by) {
    if (by == disk && lacksAcknowledged) {
      throw new AssertionError(uri + " is read though it lacks an acknowledged write");
    }
  }

  void written(SimDisk by, long stamp) {
    if (by == disk) written.add(stamp);
  }
}
