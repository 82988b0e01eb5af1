package io.tenon.simulation.itest;

import io.tenon.block.ReservationClaim;
import io.tenon.block.ReservationClaim.Policy;
import io.tenon.block.ReservationType;
import io.tenon.block.Reservations.Persistence;
import io.tenon.error.TenonException;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.Story;
import io.tenon.simulation.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * Where a volume's nexus is, and how a control plane gives it another one: made over the replicas that it thinks can be reached, each of which is taken
 * from the nexus before, which may be dead, frozen, cut off, or in the best of health, and is ended some time later.
 */
final class ClusterVolume implements ClusterOperator.Volume {
  static final String INFO_KEY = "/openebs.io/mayastor/volume/v/nexus/n/info";
  private static final long VOLUME_BYTES = 1L << 20;
  private static final long MILLISECOND_NS = 1_000_000;
  private static final long LOOKS_EVERY_NS = 50 * MILLISECOND_NS;

  /** A nexus that could serve all the time keeps the volume when others cannot be made. */
  private static final int MOST_ATTEMPTS = 6;

  private static final List<ReservationType> TYPES =
      List.of(
          ReservationType.EXCLUSIVE_ACCESS,
          ReservationType.EXCLUSIVE_ACCESS,
          ReservationType.WRITE_EXCLUSIVE,
          ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY,
          ReservationType.EXCLUSIVE_ACCESS_REGISTRANTS_ONLY);

  /** Whoever takes from the nexus before by its key, and does not get what somebody else holds, takes from the holder. */
  private static final int MOST_BY_KEY = 2;

  /** Who wants to know. */
  interface Owner {
    /** The volume has another nexus, which serves. */
    void arrived();
  }

  private final SimWorld world;
  private final Story story;
  private final SplittableRandom random;
  private final List<ClusterNode> nodes;
  private final ClusterOperator operator;
  private final Owner owner;
  private final ReservationType type;

  /** The control plane knows the key of the nexus before, and takes the children from nobody else. */
  private boolean goesByKey;

  private final long mostLeaveNs;
  private final List<Past> past = new ArrayList<>();
  private ClusterNode home;
  private ClusterLife life;
  private Nexus nexus;
  private boolean moving;
  private boolean isOver;
  private int attempts;
  private int generation;

  /** Of the nexus that the volume has; as of now. */
  private ReservationClaim claim;

  private int moves;
  private Optional<Attempt> attempt = Optional.empty();

  /** A nexus that has a successor. */
  private record Past(ClusterNode node, ClusterLife life, Nexus nexus) {
    boolean isThere() {
      return life.reactors.isUp() && life.nexuses.all().contains(nexus);
    }
  }

  /** To make another. */
  private static final class Attempt {
    final ClusterLife at;
    boolean ended;

    Attempt(ClusterLife at) {
      this.at = at;
    }

    boolean isUnderWay() {
      return !ended && at.reactors.isUp();
    }
  }

  ClusterVolume(
      SimWorld world,
      Story story,
      List<ClusterNode> nodes,
      ClusterNode home,
      ClusterOperator operator,
      boolean goesByKey,
      long mostLeaveNs,
      Owner owner) {
    this.goesByKey = goesByKey;
    this.world = world;
    this.story = story;
    this.nodes = nodes;
    this.home = home;
    this.operator = operator;
    this.mostLeaveNs = mostLeaveNs;
    this.owner = owner;
    life = home.life();
    random = world.chance();
    type = TYPES.get(random.nextInt(TYPES.size()));
    claim = nextClaim(OptionalLong.empty());
  }

  /** In a thread of its node: the first one. */
  void make() throws TenonException {
    var uris = nodes.stream().map(node -> node.uriFor(home)).toList();
    nexus = home.life().nexuses.create(spec(claim, uris));
    life = home.life();
    world.schedule(LOOKS_EVERY_NS, this::look);
  }

  /** No two have one key. */
  private ReservationClaim nextClaim(OptionalLong before) {
    boolean mayTry = attempts <= MOST_BY_KEY || nodes.stream().noneMatch(this::isAnothers);
    boolean byKey = goesByKey && mayTry;
    return new ReservationClaim(
        ++generation,
        type,
        byKey ? Policy.KEY : Policy.HOLDER,
        byKey ? before : OptionalLong.empty(),
        Persistence.AS_IT_IS);
  }

  private NexusSpec spec(ReservationClaim as, List<String> uris) {
    return new NexusSpec(
        "volume",
        new UUID(5, as.key()),
        VOLUME_BYTES,
        uris,
        1,
        100,
        random.nextBoolean() ? ReadPolicy.LOCAL_FIRST : ReadPolicy.ROUND_ROBIN,
        Optional.of(INFO_KEY),
        Optional.of(as));
  }

  @Override
  public ClusterNode home() {
    return home;
  }

  @Override
  public Nexus nexus() {
    return nexus;
  }

  @Override
  public boolean isAway() {
    return moving;
  }

  int moves() {
    return moves;
  }

  /** The nexus is, working or not, also while another one is being made. */
  boolean isThere() {
    return life.reactors.isUp();
  }

  /** Nothing but the one nexus is left. */
  boolean isSettled() {
    return !moving && past.stream().noneMatch(Past::isThere);
  }

  // ---- away from where it is

  /** Someone thinks that the nexus does not work where it is. */
  void move(String why) {
    if (moving) return;
    moving = true;
    attempts = 0;
    story.tell("operator", "moves the nexus away from " + home + ": " + why);
    world.schedule(random.nextLong(LOOKS_EVERY_NS), this::next);
  }

  /** It has failed for good: it ends, and another one is made. */
  void renew() {
    if (moving) return;
    end(new Past(home, life, nexus));
    move("it has failed");
  }

  /**
   * What the nexus lacks is held by somebody whose key it was not given, such as a nexus before the one before, or one that was never made: this one cannot have
   * it, and one that takes from the holder can. Whatever nobody else holds it must be able to have.
   */
  void goByHolderIfItMust() {
    if (moving || claim.policy() != Policy.KEY) return;
    for (ClusterNode node : nodes) {
      if (node == home || !isAnothers(node) || isIn(node)) continue;
      goesByKey = false;
      // It may have the only good replica on its own node, where nobody else can take it.
      end(new Past(home, life, nexus));
      move("it cannot have " + node + " by the key that it was given");
      return;
    }
  }

  /** Neither the nexus that the volume has, nor the one that it was to take it from, has reserved it. */
  private boolean isAnothers(ClusterNode node) {
    var holder = node.holder();
    if (holder.isEmpty() || holder.get() == claim.key()) return false;
    return !holder.equals(claim.preemptedKey().stream().boxed().findFirst());
  }

  private boolean isIn(ClusterNode node) {
    String uri = node.uriFor(home);
    return nexus.children().stream()
        .anyMatch(one -> one.uri().equals(uri) && one.state() != ChildState.FAULTED);
  }

  /** A node has gone down. */
  void wentDown(ClusterNode node) {
    if (node == home) move("it is down");
  }

  /** Now and then: a nexus that has stopped by itself is no use. */
  private void look() {
    if (isOver) return;
    world.schedule(LOOKS_EVERY_NS, this::look);
    if (!moving && isUseless()) move("it has stopped");
  }

  /** All is well, and nobody looks any more. */
  void leaveAlone() {
    isOver = true;
  }

  private boolean isUseless() {
    return !life.reactors.isUp() || nexus.state() == NexusState.SHUTDOWN;
  }

  private void next() {
    if (!moving) return;
    if (attempt.filter(Attempt::isUnderWay).isEmpty()) begin();
    if (moving) world.schedule(1 + random.nextLong(LOOKS_EVERY_NS), this::next);
  }

  private void begin() {
    if (attempts >= MOST_ATTEMPTS && !isUseless()) {
      story.tell("operator", "leaves the nexus on " + home);
      moving = false;
      return;
    }
    if (isUseless()) end(new Past(home, life, nexus));
    var free = nodes.stream().filter(node -> node.isUp() && isFree(node)).toList();
    if (free.isEmpty()) return;
    attempts++;
    var at = free.get(random.nextInt(free.size()));
    story.tell("operator", "wants a nexus on " + at);
    for (ClusterNode node : nodes) if (node != at && node.isUp()) operator.share(node);
    var mine = new Attempt(at.life());
    attempt = Optional.of(mine);
    boolean takesAll = attempts == 1 || random.nextBoolean();
    at.life().control.execute(() -> make(mine, at, takesAll));
  }

  private static boolean isFree(ClusterNode node) {
    return node.life().nexuses.all().isEmpty();
  }

  /** In a thread of that node. Who of its replicas is to be believed the record says. */
  private void make(Attempt mine, ClusterNode at, boolean takesAll) {
    if (at.replica().isEmpty()) {
      mine.ended = true;
      return;
    }
    try {
      at.keepToItself();
      var there = new ArrayList<String>();
      for (ClusterNode node : nodes) {
        boolean isTaken = node == at || (node.isShared() && (takesAll || random.nextInt(3) > 0));
        if (isTaken) there.add(node.uriFor(at));
      }
      story.tell("operator", "makes a nexus on " + at + " of " + there.size());
      var mineAs = nextClaim(OptionalLong.of(claim.key()));
      var made = mine.at.nexuses.create(spec(mineAs, there));
      claim = mineAs;
      boolean isByKey = mineAs.policy() == Policy.KEY;
      Tally.event(isByKey ? "taken by key" : "taken from the holder");
      arrive(at, mine.at, made);
    } catch (TenonException e) {
      story.tell("operator", "cannot: " + e.what() + " " + e.why());
    }
    mine.ended = true;
  }

  private void arrive(ClusterNode at, ClusterLife in, Nexus made) {
    // Its creator may have been frozen, and may not be wanted any more.
    var before = new Past(home, life, nexus);
    Tally.event(before.isThere() ? "moves from a nexus that lives" : "moves from a dead nexus");
    if (before.isThere()) {
      past.add(before);
      world.schedule(random.nextLong(mostLeaveNs), () -> end(before));
    }
    moves++;
    home = at;
    life = in;
    nexus = made;
    moving = false;
    owner.arrived();
  }

  /** What a control plane does with the one before, as soon as it can. */
  private void end(Past one) {
    if (!one.isThere()) return;
    one.life()
        .control
        .execute(
            () -> {
              if (!one.isThere()) return;
              story.tell("operator", "ends the old nexus on " + one.node());
              try {
                one.nexus().destroy();
              } catch (TenonException e) {
                story.tell("operator", "cannot: " + e.what() + " " + e.why());
                world.schedule(LOOKS_EVERY_NS, () -> end(one));
              }
            });
  }
}
