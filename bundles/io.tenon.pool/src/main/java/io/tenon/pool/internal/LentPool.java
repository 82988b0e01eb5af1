package io.tenon.pool.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolException;
import io.tenon.pool.Pools;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaInfo;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool that tries another version of this bundle, or of that of the stores, for the service that has lent it. What a node remembers of its
 * pools only that service writes down, so it watches what becomes of the disk.
 */
final class LentPool implements DeviceListener {
  private static final Logger log = LoggerFactory.getLogger(LentPool.class);

  private final ServedPool before;
  private final Pools others;
  private final PoolMemory memory;
  private volatile boolean returning;

  /**
   * @param before as it was served here
   * @param others who has it meanwhile
   */
  LentPool(ServedPool before, Pools others, PoolMemory memory) {
    this.before = before;
    this.others = others;
    this.memory = memory;
  }

  String name() {
    return before.name();
  }

  ServedPool before() {
    return before;
  }

  boolean has(DeviceSlot device) {
    return before.devices().contains(device);
  }

  /**
   * Has the other one load it.
   *
   * @throws DeviceException when that could not
   */
  void begin() throws DeviceException {
    before.disk().slot().addListener(this);
    var known = known();
    try {
      checkServed(others.load(known.disk(), known.name(), Optional.of(known.uuid())));
    } catch (PoolException e) {
      throw new DeviceException(DeviceException.Kind.IO, notServed(), e.getMessage(), "", e);
    }
  }

  /** A pool with a replica that has no block device is loaded all the same; here it had one. */
  private void checkServed(Pool there) throws DeviceException {
    for (ReplicaInfo replica : there.replicas()) {
      boolean hadDevice = before.findReplica(replica.uuid()).flatMap(Replica::device).isPresent();
      if (hadDevice && !replica.problem().isEmpty()) {
        String why = "Replica %s: %s".formatted(replica.name(), replica.problem());
        throw new DeviceException(DeviceException.Kind.IO, notServed(), why, "");
      }
    }
  }

  private String notServed() {
    return "Pool %s cannot be served by the new bundle.".formatted(name());
  }

  KnownPool known() {
    return KnownPool.of(before.identity(), before.disk());
  }

  /** What the other one makes of it, when it has it. */
  Optional<Pool> there() {
    return others.findByName(name());
  }

  /** Its disk is not kept for it any more: it was exported or destroyed, or let go by mistake. */
  boolean isEnded() {
    boolean isKept = before.disk().slot().claimedBy().filter(this::isItsOwner).isPresent();
    return before.isLeft() && !isKept && there().isEmpty();
  }

  private boolean isItsOwner(String who) {
    String owner = PoolDisk.owner(name());
    return who.equals(owner) || who.startsWith(owner + ",");
  }

  /** Its place is free for it, and for nobody else. */
  KnownPool comesBack() {
    returning = true;
    return known();
  }

  boolean isReturning() {
    return returning;
  }

  void end() {
    before.disk().slot().removeListener(this);
  }

  @Override
  public void reopenedBy(String uri) {
    try {
      memory.diskMoved(known());
    } catch (IOException e) {
      log.warn(
          "pool {}: after a restart the node will open its disk by the former URI, not by {}: {}",
          name(),
          uri,
          e.getMessage());
    }
  }
}
