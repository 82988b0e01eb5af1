package io.tenon.nexus.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.Handover;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.error.Check;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.reactor.Reactor;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A nexus as a block device: its children, one lane per reactor, and the membership that they obey. */
final class NexusDevice implements BlockDevice {
  /** I/Os under way per reactor; more wait. */
  static final int DEPTH = 256;

  /** Children are bits of a word. */
  static final int MOST_CHILDREN = Long.SIZE;

  private final Plan plan;

  /** By index. Changed by the home reactor, before a lane hears of the child and after the last has heard that it is gone. */
  private final @Nullable Child[] children = new Child[MOST_CHILDREN];

  /** Grows; changed by the home reactor when every lane is ready for it. */
  private volatile DataArea area;

  private volatile @Nullable DeviceListener listener;
  private final boolean unmaps;
  private final RangeLock range;
  private final Lane[] lanes;
  private final Membership membership;
  private volatile @Nullable Vigil vigil;
  private volatile @Nullable Supplier<Optional<Handover>> leaver;

  /**
   * What a nexus is made of.
   *
   * @param uuid of the block device, which hosts see
   * @param reactors of the node, the home reactor first
   * @param depth I/Os under way per reactor
   */
  record Plan(
      String name,
      UUID uuid,
      DataArea area,
      List<Child> children,
      ReadPolicy readPolicy,
      List<Reactor> reactors,
      int depth,
      RetirementRecord record,
      InstantSource clock,
      NexusWatcher watcher,
      NexusParts parts) {}

  NexusDevice(Plan plan) {
    this(plan, allSupport(plan.children(), IoOperation.UNMAP));
    membership.open(plan.children());
  }

  /** One that goes on where another one has left; the children of the plan are as that left them. */
  NexusDevice(Plan plan, LeftNexus left) {
    this(plan, left.unmaps());
    membership.takeUp(plan.children(), left.standing());
    membership.rebuilds().takeUp(left.history());
    for (Lane lane : lanes) lane.takeUp(left);
  }

  private NexusDevice(Plan plan, boolean unmaps) {
    this.plan = plan;
    area = plan.area();
    int count = plan.children().size();
    Check.that(count > 0 && count <= MOST_CHILDREN, "%d children", count);
    for (Child child : plan.children()) children[child.index()] = child;
    this.unmaps = unmaps;
    range = plan.parts().range(plan.area().geometry());
    var made = new ArrayList<Lane>();
    for (Reactor reactor : plan.reactors()) {
      Check.that(reactor.index() == made.size(), "reactor %s out of order", reactor.name());
      made.add(plan.parts().lane(reactor, this));
    }
    lanes = made.toArray(Lane[]::new);
    membership =
        new Membership(
            this,
            plan.reactors().getFirst(),
            List.copyOf(made),
            plan.record(),
            plan.clock(),
            plan.watcher());
  }

  /**
   * From now on reads need a proof that the children are still this nexus'. Before anybody is served.
   *
   * @param before what the nexus before could prove; empty when there was none
   */
  void keepVigil(Vigil.Witness witness, Timing timing, Optional<LeftNexus.Proof> before) {
    vigil = new Vigil(membership, witness, timing, before);
  }

  /** Who leaves it to a successor when its slot says so. */
  void leavesBy(Supplier<Optional<Handover>> how) {
    leaver = how;
  }

  /** Absent where the children are not reserved. */
  @Nullable Vigil vigil() {
    return vigil;
  }

  Membership membership() {
    return membership;
  }

  RangeLock range() {
    return range;
  }

  @Nullable Child[] children() {
    return children;
  }

  /** As of now, for a thread that keeps children from coming and going. */
  Stream<Child> members() {
    return Arrays.stream(children).filter(Objects::nonNull);
  }

  Lane[] lanes() {
    return lanes;
  }

  RetirementRecord record() {
    return plan.record();
  }

  NexusParts parts() {
    return plan.parts();
  }

  DataArea area() {
    return area;
  }

  /** From now on it has the new blocks. Home reactor. */
  void grow(DataArea now) {
    area = now;
    var told = listener;
    if (told != null) told.resized(now.geometry());
  }

  Instant now() {
    return plan.clock().instant();
  }

  int depth() {
    return plan.depth();
  }

  boolean readsLocalFirst() {
    return plan.readPolicy() == ReadPolicy.LOCAL_FIRST;
  }

  @Override
  public String name() {
    return plan.name();
  }

  @Override
  public UUID uuid() {
    return plan.uuid();
  }

  @Override
  public Geometry geometry() {
    return area.geometry();
  }

  @Override
  public String productName() {
    return "Nexus";
  }

  /**
   * Comparing is done here, on what a child reads; flushing skips children that have nothing to flush. Unmapping is offered when the first
   * children can; who comes later and cannot writes zeroes.
   */
  @Override
  public boolean supports(IoOperation operation) {
    return switch (operation) {
      case READ, WRITE, FLUSH, COMPARE, COMPARE_AND_WRITE -> true;
      case WRITE_ZEROES -> true;
      case UNMAP -> unmaps;
    };
  }

  private static boolean allSupport(List<Child> children, IoOperation operation) {
    for (Child child : children) {
      if (!child.slot().supports(operation)) return false;
    }
    return true;
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    if (reactor.index() >= lanes.length) {
      throw Check.bug("nexus %s has no lane on reactor %s", name(), reactor.name());
    }
    return new NexusChannel(lanes[reactor.index()]);
  }

  /** One that shut itself down keeps its hosts waiting, so it is not lost. */
  @Override
  public void listener(DeviceListener told) {
    listener = told;
  }

  @Override
  public void close() {
    plan.watcher().closed(name());
  }

  /** Waits until the nexus has come to rest. */
  @Override
  public Optional<Handover> leave() {
    var how = leaver;
    if (how != null) return how.get();
    close();
    return Optional.empty();
  }
}
