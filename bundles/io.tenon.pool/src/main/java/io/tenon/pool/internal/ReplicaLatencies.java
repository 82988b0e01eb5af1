package io.tenon.pool.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.Foreground;
import io.tenon.block.IoCounters;
import io.tenon.block.IoOperation;
import io.tenon.reactor.Reactor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Hosts of this node's pools, by the counters that replicas have anyway: they feel a copy when their reads and writes take more than 1.4
 * times as long on average as without. One reactor only.
 *
 * <p>Counters tell no single I/O: one that ends after a copy did counts for those without. That makes hosts seem a little more patient than they
 * are; a nexus, which times its own I/Os, does better.
 */
final class ReplicaLatencies implements Foreground {
  private static final double MOST_TIMES_SLOWER = 1.4;
  private static final long FEWEST = 50;

  /** Of so many collections one is followed by a look at which replicas there are. */
  private static final int COLLECTIONS_TO_LOOK = 20;

  private final Supplier<List<DeviceSlot>> looker;
  private final Executor blocking;
  private final Reactor reactor;
  private final Map<DeviceSlot, Counted> counted = new LinkedHashMap<>();
  private final Pile alone = new Pile();
  private final Pile together = new Pile();
  private List<Counted> replicas = new ArrayList<>();
  private int untilLook;
  private boolean looking;
  private boolean copying;

  /** I/Os and how long they took in all. */
  private static final class Pile {
    private long operations;
    private long ns;

    void add(long moreOperations, long moreNs) {
      operations += moreOperations;
      ns += moreNs;
    }

    double meanNs() {
      return operations == 0 ? 0 : (double) ns / operations;
    }

    void fade() {
      operations /= 2;
      ns /= 2;
    }

    void clear() {
      operations = 0;
      ns = 0;
    }
  }

  /** A replica, and what was seen of its counters last. */
  private static final class Counted {
    private final DeviceSlot slot;
    private long operations;
    private long ns;

    /** That have been put on a pile since the last collection. */
    private long unseen;

    /** Its hosts have done something between the last two collections. */
    private boolean isActive = true;

    Counted(DeviceSlot slot) {
      this.slot = slot;
      var _ = take(new Pile());
    }

    /** What is new goes to the pile. */
    long take(Pile pile) {
      IoCounters reads = slot.counters(IoOperation.READ);
      IoCounters writes = slot.counters(IoOperation.WRITE);
      long nowOperations = reads.operations() + writes.operations();
      long nowNs = reads.totalNs() + writes.totalNs();
      long more = nowOperations - operations;
      // Counters may have been reset.
      if (more > 0 && nowNs >= ns) pile.add(more, nowNs - ns);
      operations = nowOperations;
      ns = nowNs;
      return Math.max(0, more);
    }
  }

  /**
   * @param looker finds the replicas whose hosts are meant; may block
   * @param reactor on which this is asked
   */
  ReplicaLatencies(Supplier<List<DeviceSlot>> looker, Executor blocking, Reactor reactor) {
    this.looker = looker;
    this.blocking = blocking;
    this.reactor = reactor;
  }

  private void look() {
    if (looking) return;
    looking = true;
    blocking.execute(
        () -> {
          var found = looker.get();
          reactor.execute(() -> found(found));
        });
  }

  private void found(List<DeviceSlot> slots) {
    looking = false;
    counted.keySet().retainAll(slots);
    var now = new ArrayList<Counted>();
    for (DeviceSlot slot : slots) now.add(counted.computeIfAbsent(slot, Counted::new));
    replicas = now;
  }

  private Pile pile() {
    return copying ? together : alone;
  }

  @Override
  public void watch(boolean now) {
    alone.clear();
    together.clear();
    untilLook = 0;
    if (now) look();
  }

  /** Up to now it was as before; those that do nothing are not asked, for this comes often. */
  @Override
  public void copying(boolean now) {
    for (Counted replica : replicas) if (replica.isActive) replica.unseen += replica.take(pile());
    copying = now;
  }

  @Override
  public long collect() {
    long ended = 0;
    for (Counted replica : replicas) {
      long more = replica.unseen + replica.take(pile());
      replica.unseen = 0;
      replica.isActive = more > 0;
      ended += more;
    }
    if (untilLook-- == 0) {
      untilLook = COLLECTIONS_TO_LOOK;
      look();
    }
    return ended;
  }

  @Override
  public boolean isEnough() {
    return alone.operations >= FEWEST && together.operations >= FEWEST;
  }

  @Override
  public boolean isSlower() {
    return together.meanNs() > MOST_TIMES_SLOWER * alone.meanNs();
  }

  @Override
  public void fade() {
    alone.fade();
    together.fade();
  }

  @Override
  public void forgetCopies() {
    together.clear();
  }
}
