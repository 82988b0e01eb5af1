package io.tenon.simulation.itest;

import io.tenon.error.TenonException;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSnapshot;
import io.tenon.nexus.RebuildState;
import io.tenon.pool.Pool;
import io.tenon.pool.ReplicaInfo;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.Story;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;

/** People and control planes, who do anything to a volume at any moment, and in the end bring all of it back. One order at a time. */
final class ClusterOperator {
  private static final int MOST_SNAPSHOTS = 3;
  private static final List<Fault> HOW = List.of(Fault.values());

  private final SimWorld world;
  private final Story story;
  private final SplittableRandom random;
  private final List<ClusterNode> nodes;
  private final long pauseNs;

  /** Where an order is carried out. */
  private Optional<ClusterLife> busyAt = Optional.empty();

  private boolean over;
  private long snapshots;
  private int orders;

  ClusterOperator(SimWorld world, Story story, List<ClusterNode> nodes) {
    this.world = world;
    this.story = story;
    this.nodes = nodes;
    random = world.chance();
    pauseNs = (long) (1_000_000 * Math.pow(2, random.nextDouble() * 7));
  }

  /** The volume as it is now. */
  interface Volume {
    /** The node with the nexus. */
    ClusterNode home();

    Nexus nexus();

    /** It is being moved; there is no nexus to be asked. */
    boolean isAway();
  }

  private interface Order {
    void give() throws TenonException;
  }

  int orders() {
    return orders;
  }

  void begin(Volume volume) {
    world.schedule(random.nextLong(2 * pauseNs), () -> next(volume));
  }

  void end() {
    over = true;
  }

  /** Nothing that was ordered is under way. */
  boolean isIdle() {
    return busyAt.filter(life -> life.reactors.isUp()).isEmpty();
  }

  private void next(Volume volume) {
    if (over) return;
    begin(volume);
    var node = nodes.get(random.nextInt(nodes.size()));
    switch (random.nextInt(16)) {
      case 0 -> order(volume, "faults " + node, () -> fault(volume, node));
      case 1 -> order(volume, "removes " + node, () -> remove(volume, node));
      case 2 ->
          order(volume, "pauses " + node, () -> volume.nexus().pauseRebuild(uri(volume, node)));
      case 3 ->
          order(volume, "resumes " + node, () -> volume.nexus().resumeRebuild(uri(volume, node)));
      case 4 -> order(volume, "stops " + node, () -> volume.nexus().stopRebuild(uri(volume, node)));
      case 5, 6 -> order(volume, "takes a snapshot", () -> snapshot(volume));
      case 7 -> forgetSnapshots(node);
      default -> bringBack(volume, node);
    }
  }

  /** Where the nexus is, when nothing else is being done there. */
  private void order(Volume volume, String what, Order order) {
    var home = volume.home();
    // Who was at work where the nexus was before goes on.
    boolean isBusy = !isIdle() && busyAt.equals(Optional.of(home.life()));
    if (isBusy || volume.isAway() || !home.isUp()) return;
    busyAt = Optional.of(home.life());
    orders++;
    story.tell("operator", what);
    var at = home.life();
    at.control.execute(
        () -> {
          try {
            order.give();
          } catch (NexusException e) {
            story.tell("operator", "is refused: " + e.getMessage().lines().findFirst().orElse(""));
            if (e.kind() == Kind.INTERNAL) world.trace().note("internal");
          } catch (TenonException e) {
            story.tell("operator", "fails: " + e.getMessage().lines().findFirst().orElse(""));
          }
          if (busyAt.equals(Optional.of(at))) busyAt = Optional.empty();
        });
  }

  private static String uri(Volume volume, ClusterNode node) {
    return node.uriFor(volume.home());
  }

  private void fault(Volume volume, ClusterNode node) throws NexusException {
    var how = HOW.get(random.nextInt(HOW.size()));
    volume.nexus().faultChild(uri(volume, node), how);
  }

  private void remove(Volume volume, ClusterNode node) throws NexusException {
    volume.nexus().removeChild(uri(volume, node));
  }

  /** Whatever it takes to get this child Online. */
  void bringBack(Volume volume, ClusterNode node) {
    if (!node.isUp() || volume.isAway()) return;
    if (node != volume.home()) share(node);
    var child = child(volume, node);
    if (child.filter(one -> one.reason() == ChildReason.NO_SPACE).isPresent()) makeRoom(node);
    var state = child.map(ChildInfo::state);
    if (state.equals(Optional.of(ChildState.OPEN))) return;
    order(
        volume,
        "brings " + node + " back: " + state.map(Enum::toString).orElse("no child"),
        () -> comeBack(volume, node));
  }

  private static Optional<ChildInfo> child(Volume volume, ClusterNode node) {
    String uri = uri(volume, node);
    return volume.nexus().children().stream().filter(one -> one.uri().equals(uri)).findFirst();
  }

  private void comeBack(Volume volume, ClusterNode node) throws TenonException {
    String uri = uri(volume, node);
    // It may be shared still since somebody wanted the nexus elsewhere.
    if (node == volume.home()) node.keepToItself();
    var nexus = volume.nexus();
    var child = child(volume, node);
    if (child.isEmpty()) {
      nexus.addChild(uri, true);
      return;
    }
    switch (child.get().state()) {
      case FAULTED -> {
        if (child.get().mayReturn()) nexus.onlineChild(uri);
        else nexus.removeChild(uri);
      }
      case OUT_OF_SYNC -> {
        var rebuild =
            nexus.rebuilds().stream().filter(one -> one.childUri().equals(uri)).findFirst();
        if (rebuild.isEmpty()) nexus.startRebuild(uri);
        else if (rebuild.get().state() == RebuildState.PAUSED) nexus.resumeRebuild(uri);
      }
      case OPENING, OPEN, CLOSED -> {}
    }
  }

  // ---- snapshots

  private void snapshot(Volume volume) throws NexusException {
    var order = new LinkedHashMap<UUID, Optional<UUID>>();
    long txn = ++snapshots;
    for (UUID replica : volume.nexus().replicas()) {
      order.put(replica, Optional.of(new UUID(9_000 + replica.getLeastSignificantBits(), txn)));
    }
    var taken =
        volume
            .nexus()
            .snapshot(new NexusSnapshot.Order("snapshot-" + txn, "volume", "txn-" + txn, order));
    story.tell("operator", taken.failed() ? "has a snapshot in part" : "has a snapshot");
  }

  /** All but a few of a node, so that its disk does not fill up. */
  private void forgetSnapshots(ClusterNode node) {
    if (!node.isUp()) return;
    orders++;
    at(node, () -> forgetOne(node, false));
  }

  /** Its disk is full, of snapshots for all that is known. */
  private void makeRoom(ClusterNode node) {
    at(node, () -> forgetOne(node, true));
  }

  /** Its replica is for others, too. */
  void share(ClusterNode node) {
    at(node, node::shareAgain);
  }

  /** On that node, when it has time. */
  private void at(ClusterNode node, Order order) {
    node.life()
        .control
        .execute(
            () -> {
              try {
                order.give();
              } catch (TenonException e) {
                story.tell("operator", "fails: " + e.getMessage());
              }
            });
  }

  private void forgetOne(ClusterNode node, boolean mustGo) throws TenonException {
    var pool = node.pool();
    if (pool.isEmpty()) return;
    var found = snapshotsOf(pool.get());
    if (!mustGo && found.size() <= random.nextInt(MOST_SNAPSHOTS)) return;
    if (found.isEmpty()) return;
    var gone = found.get(random.nextInt(found.size()));
    story.tell("operator", "deletes " + gone.name() + " of " + node);
    var snapshot = pool.get().findReplica(gone.uuid());
    if (snapshot.isPresent()) snapshot.get().destroy();
  }

  private static List<ReplicaInfo> snapshotsOf(Pool pool) {
    return pool.replicas().stream().filter(one -> one.snapshot().isPresent()).toList();
  }
}
