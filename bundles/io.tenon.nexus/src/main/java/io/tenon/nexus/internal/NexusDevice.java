package io.tenon.nexus.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.block.SlotState;
import io.tenon.block.SlotStatus;
import io.tenon.error.Check;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.reactor.Reactor;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A nexus as a block device: its children, one lane per reactor, and the membership that they obey. */
final class NexusDevice implements BlockDevice {
  /** I/Os under way per reactor; more wait. */
  static final int DEPTH = 256;

  /** Children are bits of a word. */
  static final int MOST_CHILDREN = Long.SIZE;

  private final Plan plan;
  private final Child[] children;
  private final RangeLock range;
  private final Membership membership;
  private final Lane[] lanes;
  private final Loss[] losses;

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
    this.plan = plan;
    children = plan.children().toArray(Child[]::new);
    Check.that(
        children.length > 0 && children.length <= MOST_CHILDREN, "%d children", children.length);
    range = plan.parts().range(plan.area().geometry());
    membership =
        new Membership(
            plan.name(),
            plan.reactors().getFirst(),
            children,
            plan.record(),
            plan.clock(),
            plan.watcher());
    var made = new ArrayList<Lane>();
    for (Reactor reactor : plan.reactors()) {
      Check.that(reactor.index() == made.size(), "reactor %s out of order", reactor.name());
      made.add(plan.parts().lane(reactor, this));
    }
    lanes = made.toArray(Lane[]::new);
    membership.open(made);
    losses = new Loss[children.length];
    for (Child child : children) {
      losses[child.index()] = new Loss(child);
      child.slot().addListener(losses[child.index()]);
    }
  }

  /** A child's device says that it will not work any more, or that it may have forgotten something. */
  private final class Loss implements DeviceListener {
    private final Child child;

    Loss(Child child) {
      this.child = child;
    }

    @Override
    public void lost(String reason) {
      membership.lost(child, kind(), "device lost: " + reason);
    }

    @Override
    public void interrupted(IoStatus how, String reason) {
      var kind = how == IoStatus.TIMED_OUT ? ChildReason.TIMED_OUT : kind();
      membership.interrupted(child, kind, "connection interrupted: " + reason);
    }

    @Override
    public void returned() {
      membership.returned(child);
    }

    @Override
    public void stateChanged(SlotStatus now) {
      if (now.state() == SlotState.READY) membership.returned(child);
    }

    private ChildReason kind() {
      return Answer.gone(child.isLocal());
    }
  }

  Membership membership() {
    return membership;
  }

  RangeLock range() {
    return range;
  }

  Child[] children() {
    return children;
  }

  Lane[] lanes() {
    return lanes;
  }

  NexusParts parts() {
    return plan.parts();
  }

  DataArea area() {
    return plan.area();
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
    return plan.area().geometry();
  }

  @Override
  public String productName() {
    return "Nexus";
  }

  /** Comparing is done here, on what a child reads; flushing skips children that have nothing to flush. */
  @Override
  public boolean supports(IoOperation operation) {
    return switch (operation) {
      case READ, WRITE, FLUSH, COMPARE, COMPARE_AND_WRITE -> true;
      case UNMAP, WRITE_ZEROES -> allSupport(operation);
    };
  }

  private boolean allSupport(IoOperation operation) {
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

  /** A nexus does not grow by itself; one that shut itself down keeps its hosts waiting, so it is not lost either. */
  @Override
  public void listener(DeviceListener listener) {}

  @Override
  public void close() {
    for (Child child : children) child.slot().removeListener(losses[child.index()]);
    plan.watcher().closed(name());
  }
}
