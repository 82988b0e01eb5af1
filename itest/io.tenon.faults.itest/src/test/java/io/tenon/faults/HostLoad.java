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
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Reads and writes at random places, each judged by the {@link Ledger}; never two I/Os at one place. Everything on one reactor,
 * but for what tests ask while it runs.
 */
final class HostLoad {
  static final int DEPTH = 16;
  private static final int SECTOR_BYTES = 512;
  private static final int PLACE_SECTORS = Ledger.PLACE_BYTES / SECTOR_BYTES;
  private static final double READ_SHARE = 0.4;
  private static final int MAX_COMPLAINTS = 20;

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

  private final Reactor reactor;
  private final IoChannel channel;
  private final Ledger ledger;
  private final SplittableRandom random;
  private final boolean[] busy;
  private final Mapping memory;
  private final CompletableFuture<Report> ended = new CompletableFuture<>();
  private final List<String> complaints = new ArrayList<>();
  private boolean stopping;
  private int idle;
  private long reads;
  private long wrong;
  private long longestGapNs;

  // For tests to watch; written on the reactor alone.
  private volatile long lastEndNs;
  private volatile long acknowledged;
  private volatile long errors;

  private HostLoad(Reactor reactor, BlockDevice device, Ledger ledger, long seed, Mapping memory) {
    this.reactor = reactor;
    this.channel = device.channel(reactor);
    this.ledger = ledger;
    this.random = new SplittableRandom(seed);
    this.busy = new boolean[ledger.places()];
    this.memory = memory;
    this.lastEndNs = System.nanoTime();
  }

  /** From any thread; runs until {@link #stop}. */
  static HostLoad start(Reactor reactor, BlockDevice device, Ledger ledger, long seed)
      throws Exception {
    Mapping memory = Mapping.ordinary((long) DEPTH * Ledger.PLACE_BYTES);
    return TestReactors.on(
        reactor,
        () -> {
          var load = new HostLoad(reactor, device, ledger, seed, memory);
          for (int i = 0; i < DEPTH; i++) {
            load.new Slot(memory.address() + (long) i * Ledger.PLACE_BYTES).next();
          }
          return load;
        });
  }

  /** Writes that have succeeded. Any thread. */
  long acknowledged() {
    return acknowledged;
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
    reactor.execute(() -> stopping = true);
    return TestReactors.await(ended);
  }

  private final class Slot extends IoRequest {
    private final long buffer;
    private int place;
    private boolean writes;

    Slot(long buffer) {
      this.buffer = buffer;
    }

    void next() {
      if (stopping) {
        idle++;
        if (idle == DEPTH) finish();
        return;
      }
      place = random.nextInt(busy.length);
      while (busy[place]) place = (place + 1) % busy.length;
      busy[place] = true;
      writes = random.nextDouble() >= READ_SHARE;
      long lba = (long) place * PLACE_SECTORS;
      if (writes) {
        ledger.issue(place, buffer, System.nanoTime());
        prepareWrite(lba, PLACE_SECTORS, buffer, Ledger.PLACE_BYTES);
      } else {
        prepareRead(lba, PLACE_SECTORS, buffer, Ledger.PLACE_BYTES);
      }
      channel.submit(this);
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // its reactor's alone
    protected void completed(IoStatus status) {
      long nowNs = System.nanoTime();
      longestGapNs = Math.max(longestGapNs, nowNs - lastEndNs);
      lastEndNs = nowNs;
      busy[place] = false;
      if (!status.isSuccess()) {
        errors = errors + 1;
        complain(this + " ended with " + status);
      } else if (writes) {
        ledger.acknowledge(place, nowNs);
        acknowledged = acknowledged + 1;
      } else {
        reads++;
        ledger.judge(place, buffer).ifPresent(this::isWrong);
      }
      // Not from within the completion: a device may complete inside submit, again and again.
      reactor.execute(this::next);
    }

    private void isWrong(String how) {
      wrong++;
      complain(how);
    }
  }

  private void complain(String what) {
    if (complaints.size() < MAX_COMPLAINTS) complaints.add(what);
  }

  private void finish() {
    longestGapNs = Math.max(longestGapNs, System.nanoTime() - lastEndNs);
    channel.close();
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
