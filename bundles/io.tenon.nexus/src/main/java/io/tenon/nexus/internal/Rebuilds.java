package io.tenon.nexus.internal;

import io.tenon.block.CopyPace;
import io.tenon.nexus.RebuildInfo;
import io.tenon.nexus.RebuildState;
import io.tenon.reactor.Reactor;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The rebuilds of a nexus: those under way, which share one {@link CopyPace}, and the last that are over. The home reactor only, but for
 * {@link #infos} and {@link #history}.
 */
class Rebuilds {
  /** Of so many that are over people can still read. */
  private static final int MOST_HISTORY = 128;

  private final NexusDevice device;
  private final Lane lane;
  private final InstantSource clock;
  private final Owner owner;
  private final CopyPace pace;
  private final CopyOnWriteArrayList<Rebuild> underWay = new CopyOnWriteArrayList<>();

  /** Newest first; replaced as a whole. */
  private volatile List<RebuildInfo> history = List.of();

  private final Runnable pumpTask = this::pump;
  private long blockCount;
  private boolean pumpIsDue;
  private boolean frozen;
  private int turn;

  /** Decides what becomes of the child. */
  interface Owner {
    void copied(Rebuild rebuild);

    void cannotGoOn(Rebuild rebuild, String why);
  }

  Rebuilds(NexusDevice device, Reactor home, List<Lane> lanes, InstantSource clock, Owner owner) {
    this.device = device;
    this.lane = lanes.getFirst();
    this.clock = clock;
    this.owner = owner;
    blockCount = device.geometry().blockCount();
    pace = device.parts().pace(home, lanes, this::pumpSoon);
  }

  CopyPace pace() {
    return pace;
  }

  NexusParts parts() {
    return device.parts();
  }

  String uri(int index) {
    var child = device.children()[index];
    return child == null ? "" : child.uri();
  }

  /** Those under way. Any thread. */
  List<RebuildInfo> infos() {
    return underWay.stream().map(Rebuild::info).toList();
  }

  /** Those that are over, newest first. Any thread. */
  List<RebuildInfo> history() {
    return history;
  }

  @Nullable Rebuild of(Child child) {
    for (Rebuild rebuild : underWay) if (rebuild.child() == child) return rebuild;
    return null;
  }

  /** It waits for {@link Rebuild#begin}. */
  Rebuild prepare(Child child) {
    var rebuild = new Rebuild(this, device.name(), child, lane, blockCount, clock.instant());
    underWay.add(rebuild);
    return rebuild;
  }

  /** As {@link #prepare}, of one that the nexus before has begun. */
  Rebuild prepare(Child child, LeftRebuild left) {
    var rebuild = new Rebuild(this, device.name(), child, lane, blockCount, left.startedAt());
    rebuild.goesOn(left);
    underWay.add(rebuild);
    return rebuild;
  }

  /** What the nexus before has left; before anybody asks. */
  void takeUp(List<RebuildInfo> before) {
    history = before;
  }

  void begin(Rebuild rebuild, @Nullable SegmentMap lacks) {
    rebuild.begin(lacks);
    if (rebuild.isRunning()) pace.start();
    pumpSoon();
  }

  /** The nexus is about to have so many blocks. Not while one {@link #isCompleting}. */
  void grow(long blocks) {
    blockCount = blocks;
    for (Rebuild rebuild : underWay) rebuild.grow(blocks);
    pumpSoon();
  }

  /** A child is about to be complete with the blocks that there are now. */
  boolean isCompleting() {
    for (Rebuild rebuild : underWay) if (rebuild.isCompleting()) return true;
    return false;
  }

  void pause(Rebuild rebuild) {
    rebuild.pause();
    stopPaceIfIdle();
  }

  void resume(Rebuild rebuild) {
    rebuild.resume();
    if (rebuild.isRunning()) pace.start();
    pumpSoon();
  }

  /** The rebuild of this child, if there is one, is over. */
  void end(Child child, RebuildState how, String why) {
    var rebuild = of(child);
    if (rebuild == null) return;
    rebuild.end(how, why, clock.instant());
    underWay.remove(rebuild);
    var now = new ArrayList<RebuildInfo>();
    now.add(rebuild.info());
    now.addAll(history);
    history = List.copyOf(now.subList(0, Math.min(now.size(), MOST_HISTORY)));
    stopPaceIfIdle();
  }

  // ---- leaving to a successor

  /** No copy begins any more. */
  void freeze() {
    frozen = true;
  }

  /** A copy is under way, or a child is about to be complete. */
  boolean areBusy() {
    for (Rebuild rebuild : underWay) if (rebuild.isCopying()) return true;
    return isCompleting();
  }

  /** A successor goes on with them. */
  void abandon() {
    for (Rebuild rebuild : underWay) {
      rebuild.end(RebuildState.STOPPED, "a successor goes on with it", clock.instant());
    }
    underWay.clear();
    pace.stop();
  }

  private void stopPaceIfIdle() {
    for (Rebuild rebuild : underWay) if (rebuild.isRunning()) return;
    pace.stop();
  }

  // ---- told by rebuilds

  void copyEnded(long movedBytes) {
    pace.copyEnds(movedBytes);
    pumpSoon();
  }

  void fail(Rebuild rebuild, String why) {
    if (!rebuild.isOver()) owner.cannotGoOn(rebuild, why);
  }

  /** Not at once: copies that end before they have begun would pile up on the stack, and starve hosts. */
  private void pumpSoon() {
    if (pumpIsDue) return;
    pumpIsDue = true;
    lane.reactor().execute(pumpTask);
  }

  /** One copy for each in turn, as long as the pace allows. */
  private void pump() {
    pumpIsDue = false;
    if (frozen) return;
    int idle = 0;
    int begun = 0;
    while (idle < underWay.size() && begun < CopyPace.MOST_COPIES) {
      turn = (turn + 1) % underWay.size();
      var rebuild = underWay.get(turn);
      if (rebuild.canCopy() && pace.mayCopy()) {
        idle = 0;
        begun++;
        pace.copyBegins();
        rebuild.copyNext();
      } else {
        idle++;
      }
    }
    for (Rebuild rebuild : underWay) {
      if (rebuild.isCopied()) owner.copied(rebuild);
    }
  }
}
