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
  private final List<Slot> slots = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();
  private final TreeMap<Long, Long> lastGood = new TreeMap<>();
  private Function<Reactor, IoChannel> device;
  private List<Reactor> reactors;
  private long lastStamp;
  private int openQueues;
  private int operationsLeft;
  private int underWay;
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
    this.device = device;
    this.world = world;
    this.reactors = List.copyOf(reactors);
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
    operationsLeft = 0;
  }

  public void start(int total, int depthPerReactor) {
    operationsLeft = total;
    openQueues = reactors.size();
    for (Reactor reactor : reactors) {
      reactor.execute(
          () -> {
            var channel = device.apply(reactor);
            var queue = new Queue(channel, depthPerReactor);
            for (int i = 0; i < depthPerReactor; i++) {
              var slot = new Slot(reactor, queue);
              slots.add(slot);
              slot.next();
            }
          });
    }
  }

  /**
   * The node of the device is gone, and nothing of it is under way to any disk any more: what has not ended never will.
   *
   * <p>{@link #goOn} follows.
   */
  public void nodeHasCrashed() {
    for (Slot slot : slots) slot.crashed();
    slots.clear();
    underWay = 0;
    openQueues = 0;
    operationsLeft = 0;
  }

  /** The same hosts, with what they know, on another device. */
  public void goOn(
      Function<Reactor, IoChannel> with, List<Reactor> on, int total, int depthPerReactor) {
    device = with;
    reactors = List.copyOf(on);
    start(total, depthPerReactor);
  }

  /** All that was to be done has been done. */
  public boolean isDone() {
    return operationsLeft == 0 && underWay == 0 && openQueues == 0;
  }

  public int operations() {
    return operations;
  }

  public int underWay() {
    return underWay;
  }

  public List<String> errors() {
    return errors;
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

  private static final class Queue {
    final IoChannel channel;
    int slots;

    Queue(IoChannel channel, int slots) {
      this.channel = channel;
      this.slots = slots;
    }
  }

  private final class Slot extends IoRequest {
    private final Reactor reactor;
    private final Queue queue;
    private final int blockBytes = geometry.blockBytes();
    private final long memory = arena.allocate(2L * MOST_BLOCKS * blockBytes, 4096).address();
    private final List<Op> ops = new ArrayList<>();
    private Op flush = new Op("", Kind.READ, 0, 0);
    private String name = "";
    private boolean busy;

    Slot(Reactor reactor, Queue queue) {
      this.reactor = reactor;
      this.queue = queue;
    }

    void next() {
      if (operationsLeft == 0) {
        if (--queue.slots == 0) {
          queue.channel.close();
          openQueues--;
        }
        return;
      }
      operationsLeft--;
      operations++;
      underWay++;
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
      switch (random.nextInt(20)) {
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
          boolean isLong = random.nextInt(3) == 0;
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
      underWay--;
      long now = world.nowNs();
      world.trace().note(operations * 17L + status.name().hashCode());
      switch (status) {
        case SUCCESS -> succeeded(now);
        case MISCOMPARE -> miscompared(now);
        default -> failed(status, now);
      }
      reactor.schedule(random.nextLong(mostThinkNs), this::next);
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

    private void failed(IoStatus status, long now) {
      if (status == IoStatus.DEVICE_GONE || errors.size() >= MOST_ERRORS) stop();
      errors.add("%s %s ended with %s".formatted(name, this, status));
      for (Op op : ops) {
        if (op.kind == Kind.READ) history(op.block).withdraw(op, now);
        else op.failed = true;
      }
    }
  }
}
