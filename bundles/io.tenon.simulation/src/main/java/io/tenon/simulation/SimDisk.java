package io.tenon.simulation;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * A simulated disk behind a simulated wire: what it is told arrives late, in any order, in parts, or not at all; so do its
 * answers, and some come twice. The near end of the wire is an initiator that gives up after a time-out and then declares the
 * disk lost, as ours does. Everything by the seed.
 */
public final class SimDisk implements BlockDevice {
  /** What goes wrong, and how often. */
  public record Faults(
      double inline,
      long mostDelayNs,
      double error,
      double noSpace,
      double lostRequest,
      double lostAnswer,
      double lateRequest,
      double twice,
      boolean unmapZeroes) {
    public static Faults none(long mostDelayNs) {
      return new Faults(0, mostDelayNs, 0, 0, 0, 0, 0, 0, true);
    }

    public static Faults memory() {
      return new Faults(1, 1, 0, 0, 0, 0, 0, 0, true);
    }
  }

  /** Sees what reaches the medium. */
  public interface Observer {
    /** Whom nothing interests. */
    Observer NOBODY = new Observer() {};

    default void readSubmitted(SimDisk disk) {}

    /** Anything was submitted. */
    default void submitted(SimDisk disk) {}

    /** It was asked to make durable what it has acknowledged. */
    default void flushing(SimDisk disk) {}

    default void written(SimDisk disk, long block, long stamp) {}

    /** By UNMAP or WRITE_ZEROES; whether or not an unmapped block shows zeroes. */
    default void zeroed(SimDisk disk, long from, long to) {}
  }

  /** How long the near end of the wire waits for an answer. */
  public static final long TIMEOUT_NS = 20_000_000;

  private final String name;
  private final Geometry geometry;
  private final SimWorld world;
  private final SplittableRandom random;
  private final Observer observer;
  private final SimMedium medium;
  private final List<Command> underWay = new ArrayList<>();

  /** Test-only: a lower layer that believes every answer. */
  private final boolean believesEveryAnswer;

  private final SimLentMemory lent = new SimLentMemory();
  private Faults faults;
  private double dawdling;
  private long mostDawdleNs;
  private Set<IoOperation> dawdlesOver = Set.of();
  private boolean isMemory;
  private long timeoutNs = TIMEOUT_NS;
  private long stalledUntilNs;

  private DeviceListener listener = new DeviceListener() {};
  private boolean crashed;
  private boolean lost;
  private boolean elsewhere;
  private boolean fenced;
  private int openChannels;

  public SimDisk(
      String name,
      Geometry geometry,
      SimMedium medium,
      SimWorld world,
      Faults faults,
      Observer observer,
      boolean believesEveryAnswer) {
    this.name = name;
    this.geometry = geometry;
    this.medium = medium;
    this.world = world;
    this.random = world.chance();
    this.faults = faults;
    this.observer = observer;
    this.believesEveryAnswer = believesEveryAnswer;
  }

  /** From now on some requests of these kinds take long, though not so long that they are given up. */
  public void dawdle(double share, long mostNs, Set<IoOperation> over) {
    if (mostNs > TIMEOUT_NS / 2) throw new AssertionError("that is no dawdling any more");
    dawdling = share;
    mostDawdleNs = mostNs;
    dawdlesOver = over;
  }

  /** Its near end waits so long from now on: for a disk with no wire, which is slow and never silent. */
  public void patience(long ns) {
    timeoutNs = ns;
  }

  /** Does nothing for a while of what it is told from now on. */
  public void stall(long forNs) {
    Tally.fault();
    stalledUntilNs = Math.max(stalledUntilNs, world.nowNs() + forNs);
  }

  public void faults(Faults now) {
    faults = now;
  }

  /** From now on as memory is: a write has been read when it is submitted, and reads are lent. */
  public void actLikeMemory() {
    if (openChannels > 0) throw new AssertionError("channels have asked already");
    isMemory = true;
  }

  /** Power is gone: what was under way is done, half done or not done, and nobody answers any more. */
  public void crash() {
    if (crashed) return;
    Tally.fault();
    for (Command command : List.copyOf(underWay)) {
      int choice = random.nextInt(3);
      if (choice == 0) command.apply(0, command.blocks);
      if (choice == 1) command.apply(0, random.nextLong(command.blocks + 1));
    }
    crashed = true;
  }

  /** As {@link #crash}, and what was not flushed is there or not. The medium is free for another disk. */
  public void losePower() {
    crash();
    medium.losePower(random);
  }

  /** Another host has taken it over: what arrives from now on is refused. */
  public void fence() {
    fenced = true;
  }

  /**
   * Its node was restarted: what was not flushed is there or not, and the initiator is connected again at once.
   *
   * @param silently the initiator keeps that to itself
   */
  public void restart(boolean silently) {
    if (crashed || lost) return;
    Tally.fault();
    for (Command command : List.copyOf(underWay)) {
      if (random.nextBoolean()) command.apply(0, command.blocks);
      command.dead = true;
      command.answer(IoStatus.DEVICE_GONE);
    }
    medium.losePower(random);
    if (silently) return;
    listener.interrupted(IoStatus.DEVICE_GONE, "restarted by the test");
    listener.returned();
  }

  /** The way to it breaks, or stands again; only those who listen are told. */
  public DeviceListener listener() {
    return listener;
  }

  /** It is another node's, and goes on with what it has taken while the one that asked stands still. */
  public SimDisk elsewhere() {
    elsewhere = true;
    return this;
  }

  public boolean isCrashed() {
    return crashed;
  }

  public boolean isLost() {
    return lost;
  }

  /** The initiator has noticed without an I/O. */
  public void lose(String reason) {
    if (lost) return;
    lost = true;
    for (Command command : List.copyOf(underWay)) command.answer(IoStatus.DEVICE_GONE);
    listener.lost(reason);
  }

  /** What is on the medium: 0 for zeroes, or the stamp that the whole block consists of. */
  public long stampAt(long block) {
    return medium.stampAt(block);
  }

  /** I/Os that have not been answered. */
  public int underWay() {
    return underWay.size();
  }

  public int openChannels() {
    return openChannels;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public UUID uuid() {
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public String productName() {
    return "Simulated disk";
  }

  @Override
  public boolean supports(IoOperation operation) {
    return operation != IoOperation.COMPARE && operation != IoOperation.COMPARE_AND_WRITE;
  }

  @Override
  public boolean unmapZeroes() {
    return faults.unmapZeroes;
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    openChannels++;
    return new Channel(reactor);
  }

  @Override
  public void listener(DeviceListener to) {
    listener = to;
  }

  @Override
  public void close() {
    if (openChannels != 0) throw new AssertionError(name + " closed with open channels");
  }

  private final class Channel extends IoChannel {
    private final Reactor reactor;
    private int underWayHere;
    private boolean closed;

    Channel(Reactor reactor) {
      this.reactor = reactor;
    }

    @Override
    protected void take(IoRequest request) {
      if (closed) throw new AssertionError(name + " got " + request + " on a closed channel");
      if (!reactor.isCurrent()) throw new AssertionError(request + " on the wrong reactor");
      if (!geometry.contains(request.lba(), request.blocks())) {
        throw new AssertionError(name + " got " + request + " beyond its end");
      }
      new Command(this, request).start();
    }

    @Override
    public boolean consumesInline() {
      return isMemory;
    }

    @Override
    public boolean lendsMemory() {
      return isMemory;
    }

    @Override
    public void close() {
      if (closed) throw new AssertionError(name + ": channel closed twice");
      if (underWayHere != 0) throw new AssertionError(name + ": channel closed with I/O under way");
      closed = true;
      openChannels--;
    }
  }

  /** One request on the wire. */
  private final class Command {
    final Channel channel;
    final IoRequest request;
    final IoOperation operation;
    final long lba;
    final long blocks;

    /** The caller's memory, or ours to lend. */
    final long data;

    boolean ended;
    boolean dead;
    Reactor.Timer timeout = () -> {};
    IoStatus outcome = IoStatus.SUCCESS;

    /** Set when the write's data left the caller's memory. */
    long[] payload = {};

    Command(Channel channel, IoRequest request) {
      this.channel = channel;
      this.request = request;
      operation = request.operation();
      lba = request.lba();
      blocks = request.blocks();
      if (request.isLendable() && !isMemory) {
        throw new AssertionError(name + " lends no memory: " + request);
      }
      data = request.isLendable() ? lent.take(request.lengthBytes()) : request.address();
    }

    void start() {
      channel.underWayHere++;
      Tally.io();
      observer.submitted(SimDisk.this);
      if (operation == IoOperation.READ) observer.readSubmitted(SimDisk.this);
      if (operation == IoOperation.FLUSH) observer.flushing(SimDisk.this);
      if (lost) {
        channel.reactor.schedule(1 + random.nextLong(5_000), () -> answer(IoStatus.DEVICE_GONE));
        return;
      }
      if (operation == IoOperation.WRITE) payload = stampsIn(data);
      if (!crashed && random.nextDouble() < faults.inline) {
        onMedium(0, blocks);
        answer(outcome);
        return;
      }
      underWay.add(this);
      timeout = channel.reactor.schedule(timeoutNs, this::timedOut);
      if (by(faults.lostRequest)) return;
      boolean late = by(faults.lateRequest);
      long arrival = random.nextLong(faults.mostDelayNs) + (late ? timeoutNs : 0);
      arrival += Math.max(0, stalledUntilNs - world.nowNs());
      boolean dawdles = dawdlesOver.contains(operation) && random.nextDouble() < dawdling;
      if (dawdles) arrival += random.nextLong(mostDawdleNs);
      long middle = arrival + random.nextLong(faults.mostDelayNs);
      long part = blocks == 0 ? 0 : random.nextLong(blocks + 1);
      if (by(faults.error)) outcome = IoStatus.IO_ERROR;
      else if (by(faults.noSpace)) outcome = IoStatus.NO_SPACE;
      long doneUpTo = outcome == IoStatus.SUCCESS ? blocks : random.nextLong(blocks + 1);
      inDisk(arrival, () -> onMedium(0, Math.min(part, doneUpTo)));
      inDisk(middle, () -> onMedium(Math.min(part, doneUpTo), doneUpTo));
      if (by(faults.lostAnswer)) return;
      long back = middle + 1 + random.nextLong(faults.mostDelayNs);
      channel.reactor.schedule(back, this::answered);
      if (by(faults.twice)) {
        channel.reactor.schedule(back + random.nextLong(4 * faults.mostDelayNs), this::answered);
      }
    }

    private void inDisk(long delayNs, Runnable task) {
      if (elsewhere) world.schedule(delayNs, task);
      else channel.reactor.schedule(delayNs, task);
    }

    /** It goes wrong this time. */
    private boolean by(double likely) {
      if (random.nextDouble() >= likely) return false;
      Tally.fault();
      return true;
    }

    private void onMedium(long from, long to) {
      if (operation == IoOperation.WRITE && !ended && !crashed && !isMemory) checkUnchanged();
      if (fenced) outcome = IoStatus.RESERVATION_CONFLICT;
      else if (!crashed && !dead) apply(from, to);
    }

    void apply(long from, long to) {
      world.trace().note(lba * 31 + to);
      if (operation == IoOperation.FLUSH && outcome == IoStatus.SUCCESS) medium.flush();
      for (long block = from; block < to; block++) {
        switch (operation) {
          case READ -> {
            int bytes = geometry.blockBytes();
            if (!ended) medium.show(stampAt(lba + block), data + block * bytes, bytes);
          }
          case WRITE -> {
            medium.write(lba + block, payload[(int) block]);
            observer.written(SimDisk.this, lba + block, payload[(int) block]);
          }
          case FLUSH -> throw new AssertionError("a flush has no blocks");
          case UNMAP, WRITE_ZEROES -> {
            observer.zeroed(SimDisk.this, lba + block, lba + to);
            if (operation == IoOperation.WRITE_ZEROES || faults.unmapZeroes) {
              medium.zero(lba + block, lba + to);
            }
            block = to;
          }
          case COMPARE, COMPARE_AND_WRITE -> throw new AssertionError("not offered");
        }
      }
    }

    /** The device may read a write's memory at any time until it has answered. */
    private void checkUnchanged() {
      if (Arrays.equals(payload, stampsIn(data))) return;
      throw new AssertionError("memory of " + request + " was changed before it was answered");
    }

    private long[] stampsIn(long address) {
      var found = new long[(int) blocks];
      for (int i = 0; i < found.length; i++) {
        int bytes = geometry.blockBytes();
        found[i] = medium.take(address + (long) i * bytes, bytes);
      }
      return found;
    }

    private void answered() {
      if (crashed) return;
      answer(outcome);
    }

    private void timedOut() {
      if (ended) return;
      answer(IoStatus.TIMED_OUT);
      lose("no answer in time");
    }

    private void tell(IoStatus status) {
      if (status.isSuccess() && request.isLendable()) lent.lend(request, data);
      request.complete(status);
    }

    void answer(IoStatus status) {
      if (ended && !believesEveryAnswer) return;
      if (!ended) {
        ended = true;
        timeout.cancel();
        underWay.remove(this);
        channel.underWayHere--;
      }
      world.trace().note(lba ^ status.name().hashCode());
      // A lost disk answers on the reactor of each command.
      if (channel.reactor.isCurrent()) tell(status);
      else channel.reactor.execute(() -> tell(status));
    }
  }

  /** Fills a block with its stamp. */
  public static void fill(long address, int blockBytes, long stamp) {
    for (int at = 0; at < blockBytes; at += Long.BYTES) Memory.putLong(address + at, stamp);
  }

  /** The stamp of a block; a block of two stamps is torn and nobody's. */
  public static long readStamp(long address, int blockBytes) {
    long stamp = Memory.getLong(address);
    for (int at = Long.BYTES; at < blockBytes; at += Long.BYTES) {
      if (Memory.getLong(address + at) != stamp) {
        throw new AssertionError(
            "block of mixed content: %x, %x".formatted(stamp, Memory.getLong(address + at)));
      }
    }
    return stamp;
  }
}
