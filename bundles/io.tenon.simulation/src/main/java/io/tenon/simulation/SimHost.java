package io.tenon.simulation;

import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.BlockHistory.Kind;
import io.tenon.simulation.BlockHistory.Op;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Hosts that read and write a few blocks of a device over and over, from all reactors, overlapping as they like, and remember what they
 * were told.
 */
public final class SimHost {
  private static final int MOST_BLOCKS = 12;

  /** What has failed may still happen for ever, so each failure doubles what the checker must think of. */
  private static final int MOST_ERRORS = 4;

  private static final int MOST_ERRORS_OF_PATIENT = 40;
  private static final long PAUSE_NS = 20_000_000;

  /** Is asked whether a write that is about to be counted as acknowledged is where it must be. */
  public interface Acknowledged {
    void write(long lba, long[] stamps);
  }

  private final Geometry geometry;
  private final SimWorld world;
  private final SplittableRandom random;
  private final Arena arena;
  private final Acknowledged acknowledged;
  private final long firstHot;
  private final int hotBlocks;
  private final TreeMap<Long, BlockHistory> histories = new TreeMap<>();
  private final List<Way> ways = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();
  private final TreeMap<Long, Long> lastGood = new TreeMap<>();

  /** Until it is started, or another one takes its place. */
  private Way way;

  private long lastStamp;
  private int operations;
  private long mostThinkNs = 200_000;

  /**
   * @param device gives a channel on each reactor
   * @param firstHot of the few blocks that hosts work on
   */
  public SimHost(
      Geometry geometry,
      Function<Reactor, IoChannel> device,
      SimWorld world,
      List<Reactor> reactors,
      Arena arena,
      Acknowledged acknowledged,
      long firstHot,
      int hotBlocks) {
    this.geometry = geometry;
    this.world = world;
    this.way = new Way(device, reactors, MOST_ERRORS);
    this.random = world.chance();
    this.arena = arena;
    this.acknowledged = acknowledged;
    this.firstHot = firstHot;
    this.hotBlocks = hotBlocks;
    for (int i = 0; i < hotBlocks; i++) histories.put(firstHot + i, new BlockHistory(firstHot + i));
  }

  /** How long they wait at most between two I/Os. */
  public void thinks(long mostNs) {
    mostThinkNs = mostNs;
  }

  /** Hosts that begin nothing more: what they began ends. */
  public void stop() {
    for (Way each : ways) each.stop();
  }

  /** By the way that was given at first. */
  public void start(int total, int depthPerReactor) {
    way.start(total, depthPerReactor);
  }

  /**
   * The node of the device is gone, and nothing of it is under way to any disk any more: what has not ended never will.
   *
   * <p>{@link #goOn} follows.
   */
  public void nodeHasCrashed() {
    way.crashed();
  }

  /** The same hosts, with what they know, on another device; also while they are on the one before. */
  public Way goOn(
      Function<Reactor, IoChannel> with, List<Reactor> on, int total, int depthPerReactor) {
    way = new Way(with, on, MOST_ERRORS);
    way.start(total, depthPerReactor);
    return way;
  }

  /**
   * As {@link #goOn}, by a way on which errors are no news: they begin again after a pause.
   */
  public Way goOnPatiently(
      Function<Reactor, IoChannel> with, List<Reactor> on, int total, int depthPerReactor) {
    way = new Way(with, on, MOST_ERRORS_OF_PATIENT);
    way.start(total, depthPerReactor);
    return way;
  }

  /** All that was to be done has been done. */
  public boolean isDone() {
    return ways.stream().allMatch(Way::isDone);
  }

  public int operations() {
    return operations;
  }

  public int underWay() {
    return ways.stream().mapToInt(each -> each.underWay).sum();
  }

  public List<String> errors() {
    return errors;
  }

  /** Some host has written this, or zeroes; nothing else may be found on any disk. */
  public boolean hasWritten(long stamp) {
    return stamp >= 0 && stamp <= lastStamp;
  }

  /** A read from outside, after everything: a child's medium, or the device itself. */
  public void observe(String who, long block, long stamp) {
    var op = new Op(who, Kind.READ, 0, stamp);
    history(block).begins(op, world.nowNs());
    history(block).ends(op, world.nowNs());
  }

  /** All that held a copy have lost their power. */
  public void mayForget() {
    for (BlockHistory history : histories.values()) history.mayForget(world.nowNs());
  }

  public void check() {
    for (BlockHistory history : histories.values()) history.check();
  }

  public Iterable<Long> blocks() {
    return histories.keySet();
  }

  private BlockHistory history(long block) {
    var history = histories.get(block);
    if (history == null) throw new AssertionError("block " + block + " is not looked at");
    return history;
  }

  /** How they reach the data: one device, from some reactors. */
  public final class Way {
    private final Function<Reactor, IoChannel> device;
    private final List<Reactor> reactors;
    private final int mostErrors;
    private final List<Slot> slots = new ArrayList<>();
    private final List<Op> failed = new ArrayList<>();
    private int openQueues;
    private int operationsLeft;
    private int underWay;
    private int problems;
    private boolean fenced;

    Way(Function<Reactor, IoChannel> device, List<Reactor> reactors, int mostErrors) {
      this.device = device;
      this.reactors = List.copyOf(reactors);
      this.mostErrors = mostErrors;
    }

    void start(int total, int depthPerReactor) {
      ways.add(this);
      operationsLeft = total;
      openQueues = reactors.size();
      for (Reactor reactor : reactors) {
        reactor.execute(
            () -> {
              var queue = new Queue(device.apply(reactor), depthPerReactor);
              for (int i = 0; i < depthPerReactor; i++) {
                var slot = new Slot(this, reactor, queue);
                slots.add(slot);
                slot.next();
              }
            });
      }
    }

    /** They begin nothing more here: what they began ends. */
    public void stop() {
      operationsLeft = 0;
    }

    public boolean isDone() {
      return operationsLeft == 0 && underWay == 0 && openQueues == 0;
    }

    /** Whoever is on this way is gone, and nothing of it has an effect any more: what has not ended never will. */
    public void crashed() {
      for (Slot slot : slots) slot.crashed();
      slots.clear();
      underWay = 0;
      openQueues = 0;
      operationsLeft = 0;
    }

    /** Nothing that goes this way has an effect from now on: what was told to have failed has had it, or never will. */
    public void fenced() {
      if (fenced) return;
      fenced = true;
      for (Op op : failed) {
        if (isPatient()) history(op.block).isNotDoubted(op, world.nowNs());
        else history(op.block).settles(op, world.nowNs());
      }
    }

    /** @return how long to wait before the next */
    private long failed(IoStatus status, List<Op> ops, long now) {
      problems++;
      if (status == IoStatus.DEVICE_GONE && !isPatient()) stop();
      if (problems >= mostErrors) stop();
      for (Op op : ops) {
        if (op.kind == Kind.READ) {
          history(op.block).withdraw(op, now);
        } else {
          op.failed = true;
          if (fenced) {
            history(op.block).settles(op, now);
          } else {
            failed.add(op);
            if (isPatient()) history(op.block).isDoubted(op, now);
          }
        }
      }
      return isPatient() ? PAUSE_NS : 0;
    }

    private boolean isPatient() {
      return mostErrors > MOST_ERRORS;
    }
  }

  private static final class Queue {
    final IoChannel channel;
    int slots;

    Queue(IoChannel channel, int slots) {
      this.channel = channel;
      this.slots = slots;
    }
  }

  private final class Slot extends IoRequest {
    private final Way on;
    private final Reactor reactor;
    private final Queue queue;
    private final int blockBytes = geometry.blockBytes();
    private final long memory = arena.allocate(2L * MOST_BLOCKS * blockBytes, 4096).address();
    private final List<Op> ops = new ArrayList<>();
    private Op flush = new Op("", Kind.READ, 0, 0);
    private String name = "";
    private boolean busy;

    Slot(Way on, Reactor reactor, Queue queue) {
      this.on = on;
      this.reactor = reactor;
      this.queue = queue;
    }

    void next() {
      if (on.operationsLeft == 0) {
        if (--queue.slots == 0) {
          queue.channel.close();
          on.openQueues--;
        }
        return;
      }
      on.operationsLeft--;
      operations++;
      on.underWay++;
      ops.clear();
      prepare();
      busy = true;
      name = "#" + operations;
      queue.channel.submit(this);
    }

    private void prepare() {
      int blocks = 1 + random.nextInt(random.nextBoolean() ? 1 : Math.min(MOST_BLOCKS, hotBlocks));
      long lba = firstHot + random.nextInt(hotBlocks - blocks + 1);
      int length = blocks * blockBytes;
      name = "#" + operations;
      int what = random.nextInt(20);
      boolean isLong = what == 15 && random.nextInt(3) == 0;
      switch (what) {
        case 0, 1, 2, 3, 4, 5, 6 -> {
          for (int i = 0; i < blocks; i++) begin(Kind.READ, lba + i, 0, 0);
          poison(length);
          prepareRead(lba, blocks, memory, length);
        }
        case 7, 8, 9, 10, 11, 12, 13 -> {
          for (int i = 0; i < blocks; i++) begin(Kind.WRITE, lba + i, 0, stamp(i));
          prepareWrite(lba, blocks, memory, length);
        }
        case 14 -> {
          for (int i = 0; i < blocks; i++) begin(Kind.WRITE, lba + i, 0, 0);
          prepareWriteZeroes(lba, blocks);
        }
        case 15 -> {
          // Now and then a long one, of which the hot blocks see the end or all.
          long from = isLong ? 0 : lba;
          long count = isLong ? geometry.blockCount() - random.nextInt(3) : blocks;
          for (long b = Math.max(from, firstHot);
              b < Math.min(from + count, firstHot + hotBlocks);
              b++) {
            begin(Kind.UNMAP, b, 0, 0);
          }
          prepareUnmap(from, count);
        }
        case 16 -> {
          flush = new Op(name, Kind.READ, 0, 0);
          for (BlockHistory each : histories.values()) each.flushBegins(flush, world.nowNs());
          prepareFlush();
        }
        case 17 -> {
          long expected = guess(lba);
          SimDisk.fill(memory, blockBytes, expected);
          begin(Kind.READ, lba, expected, expected);
          prepareCompare(lba, 1, memory, blockBytes);
        }
        default -> {
          long expected = guess(lba);
          SimDisk.fill(memory, blockBytes, expected);
          long stamp = ++lastStamp;
          SimDisk.fill(memory + blockBytes, blockBytes, stamp);
          begin(Kind.COMPARE_AND_WRITE, lba, expected, stamp);
          prepareCompareAndWrite(lba, 1, memory, 2 * blockBytes);
        }
      }
    }

    /** A value that the block may well have now. */
    private long guess(long lba) {
      return lastGood.getOrDefault(lba, 0L);
    }

    private long stamp(int index) {
      long stamp = ++lastStamp;
      SimDisk.fill(memory + (long) index * blockBytes, blockBytes, stamp);
      return stamp;
    }

    private void poison(int length) {
      for (int at = 0; at < length; at += Long.BYTES) Memory.putLong(memory + at, -1);
    }

    private void begin(Kind kind, long block, long expected, long value) {
      var op = new Op(name, kind, expected, value);
      op.block = block;
      ops.add(op);
      history(block).begins(op, world.nowNs());
    }

    void crashed() {
      if (!busy) return;
      busy = false;
      for (Op op : ops) {
        if (op.kind == Kind.READ) history(op.block).withdraw(op, world.nowNs());
        else history(op.block).settles(op, world.nowNs());
      }
    }

    @Override
    protected void completed(IoStatus status) {
      if (!busy) throw new AssertionError(name + " ended twice");
      busy = false;
      on.underWay--;
      long now = world.nowNs();
      world.trace().note(operations * 17L + status.name().hashCode());
      long pauseNs = 0;
      switch (status) {
        case SUCCESS -> succeeded(now);
        case MISCOMPARE -> miscompared(now);
        default -> {
          errors.add("%s %s ended with %s".formatted(name, this, status));
          pauseNs = on.failed(status, ops, now);
        }
      }
      reactor.schedule(pauseNs + random.nextLong(mostThinkNs), this::next);
    }

    private void succeeded(long now) {
      if (operation() == IoOperation.FLUSH) {
        for (BlockHistory each : histories.values()) each.flushed(flush, now);
      }
      if (operation() == IoOperation.READ) {
        for (int i = 0; i < ops.size(); i++) {
          ops.get(i).value = SimDisk.readStamp(memory + (long) i * blockBytes, blockBytes);
        }
      }
      for (Op op : ops) {
        if (op.kind != Kind.UNMAP) lastGood.put(op.block, op.value);
        history(op.block).ends(op, now);
      }
      if (operation() == IoOperation.WRITE || operation() == IoOperation.COMPARE_AND_WRITE) {
        acknowledged.write(lba(), ops.stream().mapToLong(op -> op.value).toArray());
      }
    }

    private void miscompared(long now) {
      if (ops.size() != 1 || operation() == IoOperation.READ)
        throw new AssertionError("miscompare of " + this);
      var asked = ops.getFirst();
      var history = history(asked.block);
      history.turnInto(asked, new Op(asked.name, Kind.READ_OTHER, asked.expected, 0), now);
    }
  }
}
