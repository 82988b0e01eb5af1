package io.tenon.nexus.internal;

import io.tenon.block.IoStatus;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.internal.LeftNexus.Standing;
import io.tenon.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a nexus comes to rest for its successor, when its device slot has let everything of hosts end. The home reactor only.
 *
 * <pre>
 * rebuilds begin no copies ─► at rest ─► lanes stop ─► at rest ─► lanes say what they have logged ─► still the same? ─► left
 *                                                        ▲                                           │ a child has gone meanwhile
 *                                                        └───────────────────────────────────────────┘
 * </pre>
 *
 * <p>At rest: no child is on its way out or in, nothing waits to be recorded, no copy is under way. A child that fails meanwhile goes out as
 * ever. What its device says after that is not lost either: the successor sees that there was something ({@link
 * io.tenon.block.DeviceSlot#disturbances}).
 */
final class Leaving {
  private static final long LOOK_AGAIN_NS = 200_000;

  private final Membership membership;
  private final Reactor home;
  private final List<Lane> lanes;
  private final Consumer<Left> then;
  private boolean lanesHaveStopped;
  private int unanswered;

  // What lanes have said.
  private int retirementsBefore;
  private @Nullable SegmentMap recent;

  /** By index of the child; of those of which each lane knows what they lack. */
  private Map<Integer, SegmentMap> lacks = Map.of();

  /**
   * What the membership leaves.
   *
   * @param children without what it does not know of their devices
   */
  record Left(Standing standing, List<LeftChild> children, SegmentMap recent) {}

  Leaving(Membership membership, Consumer<Left> then) {
    this.membership = membership;
    this.home = membership.home();
    this.lanes = membership.lanes();
    this.then = then;
  }

  void begin() {
    membership.rebuilds().freeze();
    awaitRest();
  }

  private void awaitRest() {
    if (!Succession.isAtRest(membership)) home.schedule(LOOK_AGAIN_NS, this::awaitRest);
    else if (lanesHaveStopped) askLanes();
    else stopLanes();
  }

  private void stopLanes() {
    unanswered = lanes.size();
    for (Lane lane : lanes) {
      lane.reactor()
          .execute(() -> lane.stop(IoStatus.DEVICE_GONE, () -> home.execute(this::laneHasStopped)));
    }
  }

  private void laneHasStopped() {
    if (--unanswered > 0) return;
    lanesHaveStopped = true;
    awaitRest();
  }

  private void askLanes() {
    retirementsBefore = membership.retirements().begun();
    recent = null;
    unanswered = lanes.size();
    for (Lane lane : lanes) {
      lane.reactor()
          .execute(
              () -> {
                var logged = lane.logged();
                home.execute(() -> answered(logged));
              });
    }
  }

  /**
   * What one lane has logged.
   *
   * @param lacks by index of the child
   */
  record Logged(SegmentMap recent, Map<Integer, SegmentMap> lacks) {}

  private void answered(Logged logged) {
    var sum = recent;
    if (sum == null) {
      recent = logged.recent();
      lacks = logged.lacks();
    } else {
      sum.addAll(logged.recent());
      lacks.keySet().retainAll(logged.lacks().keySet());
      lacks.forEach((child, map) -> map.addAll(Objects.requireNonNull(logged.lacks().get(child))));
    }
    if (--unanswered > 0) return;
    var all = recent;
    boolean isSame =
        Succession.isAtRest(membership) && membership.retirements().begun() == retirementsBefore;
    if (isSame && all != null) leave(all);
    else awaitRest();
  }

  private void leave(SegmentMap all) {
    var children = new ArrayList<LeftChild>();
    for (Child child : membership.members()) {
      var rebuild = membership.rebuilds().of(child);
      children.add(child.left(lacks(child), Optional.ofNullable(rebuild).map(Rebuild::left)));
    }
    var standing = membership.left();
    then.accept(new Left(standing, children, all));
  }

  private Optional<SegmentMap> lacks(Child child) {
    boolean isWhole = child.isHealthy() || child.state() == ChildState.CLOSED;
    return isWhole || !child.hasLog()
        ? Optional.empty()
        : Optional.ofNullable(lacks.get(child.index()));
  }
}
