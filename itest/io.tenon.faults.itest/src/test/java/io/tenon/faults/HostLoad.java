package io.tenon.faults;

import io.tenon.block.BlockDevice;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Mapping;
import io.tenon.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Reads and writes at random places, each judged by the {@link Ledger}; never two I/Os at one place. It comes from all reactors of
 * the host, each with a queue of its own, so that what was written by one is read by another right after.
 */
final class HostLoad {
  static final int DEPTH = 16;
  private static final int SECTOR_BYTES = 512;
  private static final int PLACE_SECTORS = Ledger.PLACE_BYTES / SECTOR_BYTES;
  private static final double READ_SHARE = 0.4;
  private static final int MAX_COMPLAINTS = 20;

  /** A host that is told of an error does not ask again at once. */
  private static final long AFTER_ERROR_NS = 5_000_000;

  /** Where it reads and writes. */
  record Places(int first, int count) {}

  /**
   * What a host saw.
   *
   * @param errors I/Os that ended with an error
   * @param longestGapMs time in which no I/O ended
   * @param complaints errors and wrong reads, the first of them
   */
  record Report(
      long reads,
      long writes,
      long errors,
      long wrong,
      long longestGapMs,
      List<String> complaints) {}

  private final List<Lane> lanes;
  private final Ledger ledger;
  private final SplittableRandom random;
  private final boolean[] busy;
  private final Mapping memory;
  private final CompletableFuture<Report> ended = new CompletableFuture<>();
  private final List<String> complaints = new ArrayList<>();

  // Guarded by this, as are ledger, busy and complaints.
  private Places places;
  private boolean stopping;
  private int idle;
  private long reads;
  private long wrong;
  private long longestGapNs;

  // For tests to watch; written under the lock.
  private volatile long lastEndNs;
  private volatile long acknowledged;
  private volatile long errors;

  /** A reactor and its way to the device. */
  private record Lane(Reactor reactor, IoChannel channel) {
    static Lane open(Reactor reactor, BlockDevice device) {
      return TestReactors.on(reactor, () -> new Lane(reactor, device.channel(reactor)));
    }
  }

  private HostLoad(List<Lane> lanes, Ledger ledger, long seed, Mapping memory) {
    this.lanes = lanes;
    this.ledger = ledger;
    this.random = new SplittableRandom(seed);
    this.busy = new boolean[ledger.places()];
    this.places = new Places(0, busy.length);
    this.memory = memory;
    this.lastEndNs = System.nanoTime();
  }

  /** From any thread; runs until {@link #stop}. */
  static HostLoad start(List<Reactor> reactors, BlockDevice device, Ledger ledger, long seed)
      throws Exception {
    return start(reactors, device, ledger, seed, new Places(0, ledger.places()));
  }

  static HostLoad start(
      List<Reactor> reactors, BlockDevice device, Ledger ledger, long seed, Places places)
      throws Exception {
    var lanes = reactors.stream().map(reactor -> Lane.open(reactor, device)).toList();
    var memory = Mapping.ordinary((long) DEPTH * Ledger.PLACE_BYTES);
    var load = new HostLoad(lanes, ledger, seed, memory);
    load.stayWithin(places);
    for (int i = 0; i < DEPTH; i++) {
      Lane lane = lanes.get(i % lanes.size());
      var slot = load.new Slot(lane, memory.address() + (long) i * Ledger.PLACE_BYTES);
      lane.reactor.execute(slot::next);
    }
    return load;
  }

  /** From now on, but for what is under way. Any thread. */
  synchronized void stayWithin(Places where) {
    places = where;
  }

  /** Writes that have succeeded. Any thread. */
  long acknowledged() {
    return acknowledged;
  }

  /** What may be there now. Any thread. */
  synchronized Ledger ledger() {
    return ledger.copy();
  }

  /** I/Os that have failed. Any thread. */
  long errors() {
    return errors;
  }

  /** Time since the last I/O ended. Any thread. */
  long quietMs() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastEndNs);
  }

  /** Lets what is under way end. Any thread. */
  Report stop() {
    synchronized (this) {
      stopping = true;
    }
    return TestReactors.await(ended);
  }

  private final class Slot extends IoRequest {
    private final Lane lane;
    private final long buffer;
    private int place;
    private boolean writes;

    Slot(Lane lane, long buffer) {
      this.lane = lane;
      this.buffer = buffer;
    }

    void next() {
      if (prepareNext(this)) lane.channel.submit(this);
    }

    @Override
    protected void completed(IoStatus status) {
      judge(this, status);
      // Not from within the completion: a device may complete inside submit, again and again.
      if (status.isSuccess()) lane.reactor.execute(this::next);
      else {
        var _ = lane.reactor.schedule(AFTER_ERROR_NS, this::next);
      }
    }
  }

  /**
   * @return false when this slot has no more to do
   */
  private synchronized boolean prepareNext(Slot slot) {
    if (stopping) {
      idle++;
      if (idle == DEPTH) finish();
      return false;
    }
    int choice = random.nextInt(places.count);
    while (busy[places.first + choice]) choice = (choice + 1) % places.count;
    int place = places.first + choice;
    busy[place] = true;
    slot.place = place;
    slot.writes = random.nextDouble() >= READ_SHARE;
    long lba = (long) place * PLACE_SECTORS;
    if (slot.writes) {
      ledger.issue(place, slot.buffer, System.nanoTime());
      slot.prepareWrite(lba, PLACE_SECTORS, slot.buffer, Ledger.PLACE_BYTES);
    } else {
      slot.prepareRead(lba, PLACE_SECTORS, slot.buffer, Ledger.PLACE_BYTES);
    }
    return true;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
  private synchronized void judge(Slot slot, IoStatus status) {
    long nowNs = System.nanoTime();
    longestGapNs = Math.max(longestGapNs, nowNs - lastEndNs);
    lastEndNs = nowNs;
    busy[slot.place] = false;
    if (!status.isSuccess()) {
      errors = errors + 1;
      complain(slot + " ended with " + status);
    } else if (slot.writes) {
      ledger.acknowledge(slot.place, nowNs);
      acknowledged = acknowledged + 1;
    } else {
      reads++;
      Optional<String> complaint = ledger.read(slot.place, slot.buffer);
      if (complaint.isEmpty()) return;
      wrong++;
      complain(complaint.get());
    }
  }

  private void complain(String what) {
    if (complaints.size() < MAX_COMPLAINTS) complaints.add(what);
  }

  private void finish() {
    longestGapNs = Math.max(longestGapNs, System.nanoTime() - lastEndNs);
    for (Lane lane : lanes) lane.reactor.execute(lane.channel::close);
    memory.close();
    ended.complete(
        new Report(
            reads,
            acknowledged,
            errors,
            wrong,
            TimeUnit.NANOSECONDS.toMillis(longestGapNs),
            List.copyOf(complaints)));
  }
}
