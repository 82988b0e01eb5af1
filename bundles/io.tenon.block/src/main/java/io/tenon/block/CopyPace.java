package io.tenon.block;

import io.tenon.reactor.Reactor;

/**
 * How many copies may be under way in the background: as many as hosts do not feel. Its home reactor only.
 *
 * <p>Hosts' I/Os are counted in two piles ({@link Foreground}): those that met a copy, and those that did not, for which there is a
 * short quiet while now and then. Twenty times a second the two are compared: when hosts felt no copies the level rises by one; when they
 * did, it falls by a quarter. A level is either one copy after the other with a gap in between, or several at once:
 *
 * <pre>
 * level    0      1     2     3     4      5   6   ...  20
 * copies   1      1     1     1     1      1   2   ...  16
 * gap    16 ms   8 ms  4 ms  2 ms  1 ms    0   0         0
 * </pre>
 *
 * <p>Hosts that do little say little: what was counted is kept until it is enough to compare. Meanwhile the level rises four times a second,
 * up to one copy at a time without a gap, so that a volume with a few I/Os a second is not copied for days.
 *
 * <p>Hosts that have been silent for a second, or for the first 5 ms, are not there: all copies, no quiet; and larger ones, if the disks are so fast that
 * hosts who come back do not wait long for what is under way.
 */
public class CopyPace {
  public static final int MOST_COPIES = 16;

  /** Of a piece while hosts are there, who wait for what has begun before them. */
  private static final int USUAL_BYTES = 64 << 10;

  /** Without hosts: fast disks want more under way than {@link #MOST_COPIES} usual ones. */
  private static final int MOST_BYTES = 256 << 10;

  private static final int FIRST_WITHOUT_GAP = 5;
  static final int TOP = FIRST_WITHOUT_GAP + MOST_COPIES - 1;
  private static final long LONGEST_GAP_NS = 16_000_000;
  static final long TICK_NS = 50_000_000;

  /** Moved in a tick, 500 MiB/s: what is under way in the largest pieces is through in 8 ms. */
  private static final long FAST_BYTES = 25 << 20;

  /** Until it is known whether hosts are there: slow. */
  private static final long FIRST_TICK_NS = 5_000_000;

  /** Of so many ticks one begins with a quiet while. */
  private static final int TICKS_TO_QUIET = 4;

  private static final long QUIET_NS = 10_000_000;
  private static final long SILENT_TICKS = 20;

  private static final int TICKS_TO_FADE = 20;
  private static final int TICKS_IN_DOUBT = 5;

  private final Reactor home;
  private final Foreground hosts;
  private final Runnable pump;
  private Reactor.Timer timer = () -> {};
  private boolean running;
  private boolean isFirstTick;
  private int level;
  private int ticks;
  private int ticksInDoubt;
  private long silentTicks;
  private long quietUntilNs;
  private long nextCopyNs;
  private boolean gapIsTimed;
  private int copies;
  private long moved;
  private boolean isFast;

  /**
   * @param pump is called when there may be room for more copies
   */
  public CopyPace(Reactor home, Foreground hosts, Runnable pump) {
    this.home = home;
    this.hosts = hosts;
    this.pump = pump;
  }

  /** There is something to copy. Idempotent. */
  public void start() {
    if (running) return;
    running = true;
    isFirstTick = true;
    silentTicks = 0;
    ticksInDoubt = 0;
    moved = 0;
    hosts.watch(true);
    timer = home.schedule(FIRST_TICK_NS, this::tick);
  }

  /** There is nothing to copy. Idempotent. */
  public void stop() {
    if (!running) return;
    running = false;
    timer.cancel();
    hosts.watch(false);
  }

  public boolean isFullSpeed() {
    return silentTicks >= SILENT_TICKS;
  }

  /** For people: copies at once, and the gap between them. */
  public String describe() {
    if (isFullSpeed()) return "full speed, hosts are idle";
    return level >= FIRST_WITHOUT_GAP
        ? "%d copies at a time, as hosts feel no more".formatted(level - FIRST_WITHOUT_GAP + 1)
        : "a copy every %d ms, for the sake of hosts".formatted(gapNs() / 1_000_000);
  }

  /** How long a copy may be that begins now: at least a block, at most {@link #mostBlocks}. */
  public int pieceBlocks(int blockShift) {
    return isFullSpeed() && isFast ? mostBlocks(blockShift) : usualBlocks(blockShift);
  }

  /** How long a copy may be while hosts are there. */
  public static int usualBlocks(int blockShift) {
    return blocks(USUAL_BYTES, blockShift);
  }

  /** For how many blocks a copy needs memory. */
  public static int mostBlocks(int blockShift) {
    return blocks(MOST_BYTES, blockShift);
  }

  private static int blocks(int bytes, int blockShift) {
    return Math.max(1, bytes >> blockShift);
  }

  /** Whether a copy may begin now; if not, the pump is called when one may. */
  public boolean mayCopy() {
    if (copies >= (isFullSpeed() ? MOST_COPIES : Math.max(1, level - FIRST_WITHOUT_GAP + 1))) {
      return false;
    }
    if (isFullSpeed()) return true;
    long waitNs = Math.max(quietUntilNs, nextCopyNs) - home.nowNs();
    if (waitNs <= 0) return true;
    if (!gapIsTimed) {
      gapIsTimed = true;
      home.schedule(waitNs, this::gapIsOver);
    }
    return false;
  }

  private void gapIsOver() {
    gapIsTimed = false;
    pump.run();
  }

  private long gapNs() {
    return level >= FIRST_WITHOUT_GAP ? 0 : LONGEST_GAP_NS >> level;
  }

  public void copyBegins() {
    if (copies++ == 0) hosts.copying(true);
  }

  /**
   * @param movedBytes 0 for questions alone, which nobody feels: after those there is no gap
   */
  public void copyEnds(long movedBytes) {
    moved += movedBytes;
    if (movedBytes > 0) nextCopyNs = home.nowNs() + gapNs();
    if (--copies == 0) hosts.copying(false);
  }

  private void tick() {
    if (!running) return;
    timer = home.schedule(TICK_NS, this::tick);
    long ended = hosts.collect();
    silentTicks = ended > 0 ? 0 : isFirstTick ? SILENT_TICKS : silentTicks + 1;
    isFirstTick = false;
    isFast = moved >= FAST_BYTES;
    moved = 0;
    ticks++;
    if (ticks % TICKS_TO_FADE == 0 && hosts.isEnough()) hosts.fade();
    if (ticks % TICKS_TO_QUIET == 0 && !isFullSpeed()) quietUntilNs = home.nowNs() + QUIET_NS;
    judge();
    pump.run();
  }

  private void judge() {
    if (!hosts.isEnough()) {
      if (++ticksInDoubt % TICKS_IN_DOUBT == 0 && level < FIRST_WITHOUT_GAP) level++;
      return;
    }
    ticksInDoubt = 0;
    if (hosts.isSlower()) {
      level = level * 3 / 4;
      // What was measured at a higher level says nothing of this one.
      hosts.forgetCopies();
    } else if (level < TOP) {
      level++;
    }
  }
}
