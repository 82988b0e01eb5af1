package io.tenon.pool.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceListener;
import io.tenon.block.SlotState;
import io.tenon.block.SlotStatus;
import io.tenon.pool.PoolException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a pool does when its disk goes, comes back, or fails a change of the pool's own data. All of it holds the pool's lock.
 *
 * <pre>
 * online ─► suspended ─► online
 * </pre>
 */
final class DiskFollower implements DeviceListener {
  private static final Logger log = LoggerFactory.getLogger(DiskFollower.class);
  private static final String DOING = "It follows its disk.";

  private final ServedPool pool;
  private final PoolParts parts;
  private final PoolDisk disk;

  /** Why the pool cannot work; empty when it can. */
  private volatile String suspended = "";

  /** The store has refused to go on since a change failed, and has to be loaded again. */
  private volatile boolean broken;

  private boolean retrying;

  DiskFollower(ServedPool pool) {
    this.pool = pool;
    parts = pool.parts();
    disk = pool.disk();
  }

  void start() {
    pool.store().whenBroken(this::storeBroke);
    disk.slot().addListener(this);
    follow();
  }

  void stop() {
    disk.slot().removeListener(this);
  }

  String suspended() {
    return suspended;
  }

  boolean isOnline() {
    return suspended.isEmpty();
  }

  /** What is told is only a reason to look. */
  @Override
  public void stateChanged(SlotStatus now) {
    boolean matters = now.state() == SlotState.FAILED || now.state() == SlotState.READY;
    if (matters) parts.blocking().execute(this::follow);
  }

  /** The node brings the pool back by that one. */
  @Override
  public void reopenedBy(String uri) {
    try {
      parts.memory().diskMoved(KnownPool.of(pool.identity(), disk));
      pool.whereabouts().diskIsRemembered();
      log.info("pool {}: its disk is opened by {} from now on", pool, uri);
    } catch (IOException e) {
      pool.whereabouts().formerDisk(uri, e);
    }
  }

  private void storeBroke() {
    broken = true;
    parts.blocking().execute(this::follow);
  }

  private void follow() {
    try (var _ = pool.changing(DOING)) {
      if (pool.isClosed()) return;
      var state = disk.slot().state();
      if (state == SlotState.FAILED && isOnline()) suspend();
      if (state != SlotState.READY) return;
      if (!isOnline()) comeBack();
      else if (broken) loadAgain();
    }
  }

  /** What is in memory is of no worth any more: something may have been under way to the disk. */
  private void suspend() {
    String why =
        "Its disk %s has failed: %s It waits for the disk."
            .formatted(disk.slot().name(), disk.slot().status().reason());
    stay(why);
    if (pool.failReplicas("Pool " + pool + " is suspended. " + why)) pool.store().abandon();
    else suspended = why + " I/O to it has not ended; export the pool and import it.";
  }

  private void stay(String why) {
    if (!why.equals(suspended)) log.error("pool {}: suspended. {}", pool, why);
    suspended = why;
    if (retrying) return;
    retrying = true;
    Retrying.start(parts, this::isBack);
  }

  /** Asks for the disk; when it answers, the pool follows. */
  private boolean isBack() {
    if (disk.slot().state() == SlotState.FAILED) {
      try {
        var _ = parts.devices().findOrCreate(PoolDisk.uri(disk.uri()));
      } catch (DeviceException e) {
        log.debug("pool {}: its disk is not back: {}", pool, e.getMessage());
      }
    }
    follow();
    try (var _ = pool.changing(DOING)) {
      retrying = !pool.isClosed() && !isOnline();
      return !retrying;
    }
  }

  /** The disk is there and failed one change: users of replicas wait while what it holds is read anew. */
  private void loadAgain() {
    String why = "A change of pool %s failed on its disk.".formatted(pool);
    log.warn("pool {}: is loaded again: {}", pool, why);
    if (!pool.vacateReplicas(why, "pool " + pool + " to be loaded again")) {
      stay(why + " I/O to it has not ended; export the pool and import it.");
      return;
    }
    pool.store().abandon();
    comeBack();
    if (isOnline()) return;
    var _ = pool.failReplicas("Pool %s is suspended. %s".formatted(pool, suspended));
  }

  private void comeBack() {
    try {
      var loaded = PoolIdentity.load(parts.blobstores(), disk);
      boolean ours = loaded.identity().equals(pool.identity());
      boolean moved = pool.whereabouts().isMarked() && !loaded.isStillOf(parts.memory().node());
      if (!ours || moved) {
        loaded.store().abandon();
        stay(
            ours
                ? loaded.elsewhere() + " Export the pool here, or end it there and import it again."
                : "The disk that came back has %s.".formatted(loaded.identity()));
        return;
      }
      broken = false;
      loaded.store().whenBroken(this::storeBroke);
      pool.reload(loaded.store());
      suspended = "";
    } catch (PoolException e) {
      stay("Its disk is there, but: " + e.getMessage());
      return;
    }
    log.info("pool {}: online again", pool);
  }
}
