package io.tenon.blobstore.internal;

import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** One of the simulation's hosts: an I/O at a time on one reactor, each checked against what the volume must hold. */
final class VolumeHost extends IoRequest {
  private static final int MOST_PAGES = 20;
  private static final int PAGE = 4096;
  private static final int BLOCKS = PAGE / StoreSimulation.BLOCK_BYTES;

  private final StoreSimulation simulation;
  private final SplittableRandom random;
  private final int reactor;
  private final MemorySegment held = Arena.ofAuto().allocate((long) MOST_PAGES * PAGE, PAGE);
  private final long memory = held.address();
  private @Nullable SimVolume chosen;
  private int first;
  private int count;
  private long written;
  private int[] durable = {};
  private boolean wasThin;
  private boolean hadParent;
  private int shape;
  private boolean isUnderWay;

  VolumeHost(StoreSimulation simulation, int reactor) {
    this.simulation = simulation;
    this.random = simulation.world.chance();
    this.reactor = reactor;
  }

  void later() {
    simulation.on(reactor, random.nextLong(simulation.scenario.mostPauseNs), this::next);
  }

  private void next() {
    if (simulation.stopped) {
      simulation.hostsRunning--;
      return;
    }
    var usable = new ArrayList<SimVolume>();
    for (SimVolume one : simulation.volumes.values()) {
      if (!one.closing && one.channels[reactor] != null) usable.add(one);
    }
    if (usable.isEmpty() || !choose(usable.get(random.nextInt(usable.size())))) {
      later();
      return;
    }
    var channel = volume().channels[reactor];
    if (channel == null) throw new AssertionError("no channel");
    volume().underWay++;
    isUnderWay = true;
    channel.submit(this);
  }

  private SimVolume volume() {
    var its = chosen;
    if (its == null) throw new AssertionError("a host without a volume");
    return its;
  }

  private boolean choose(SimVolume volume) {
    chosen = volume;
    int kind = random.nextInt(20);
    if (kind == 0) {
      flush(volume);
      return true;
    }
    if (kind >= 20 - simulation.scenario.unmapsOfTwenty) return unmap(volume);
    count = 1 + random.nextInt(random.nextInt(4) == 0 ? MOST_PAGES : 3);
    count = Math.min(count, volume.pages());
    first = random.nextInt(volume.pages() - count + 1);
    boolean reads = kind < 7;
    for (int i = first; i < first + count; i++) {
      if (volume.busy[i] || (reads && volume.unmapping[i])) return false;
    }
    int bytes = count * PAGE;
    if (reads) {
      for (int i = first; i < first + count; i++) volume.busy[i] = true;
      Memory.segment(memory, bytes).fill((byte) 0xEE);
      prepareRead((long) first * BLOCKS, (long) count * BLOCKS, memory, bytes);
      return true;
    }
    boolean zero = kind == 7;
    written = zero ? 0 : simulation.nextStamp();
    for (int i = 0; i < count; i++) {
      Memory.putLong(memory + (long) i * PAGE, written);
      volume.writeBegins(first + i, written);
    }
    if (zero) prepareWriteZeroes((long) first * BLOCKS, (long) count * BLOCKS);
    else prepareWrite((long) first * BLOCKS, (long) count * BLOCKS, memory, bytes);
    return true;
  }

  private void flush(SimVolume volume) {
    durable = volume.changes.clone();
    for (int i = 0; i < durable.length; i++) if (!volume.isQuiet(i)) durable[i] = -1;
    prepareFlush();
  }

  /** Whole clusters, while others write there. */
  private boolean unmap(SimVolume volume) {
    int clusters = volume.pages() / StoreSimulation.PAGES_PER_CLUSTER;
    int some = 1 + random.nextInt(Math.min(4, clusters));
    first = random.nextInt(clusters - some + 1) * StoreSimulation.PAGES_PER_CLUSTER;
    count = some * StoreSimulation.PAGES_PER_CLUSTER;
    for (int i = first; i < first + count; i++) {
      // A read under way could see either.
      if (volume.unmapping[i] || (volume.busy[i] && !simulation.writes(volume, i))) return false;
    }
    for (int i = first; i < first + count; i++) volume.unmapBegins(i);
    var view = simulation.view(volume);
    wasThin = view.thin();
    hadParent = view.parent() != null;
    shape = volume.shape;
    prepareUnmap((long) first * BLOCKS, (long) count * BLOCKS);
    return true;
  }

  boolean isWriting(SimVolume volume, int page) {
    return isUnderWay
        && volume.equals(chosen)
        && operation() != IoOperation.READ
        && operation() != IoOperation.FLUSH
        && page >= first
        && page < first + count;
  }

  @Override
  protected void completed(IoStatus status) {
    volume().underWay--;
    isUnderWay = false;
    simulation.world.trace().note(written ^ first);
    switch (operation()) {
      case FLUSH -> flushed(status);
      case READ -> read(status);
      case WRITE, WRITE_ZEROES -> written(status);
      case UNMAP -> unmapped(status);
      case COMPARE, COMPARE_AND_WRITE -> throw new AssertionError("nobody asked for it");
    }
    later();
  }

  private void mustBe(boolean right, IoStatus status) {
    if (right) return;
    throw new AssertionError(this + " of " + volume().id + " ended with " + status);
  }

  private void read(IoStatus status) {
    mustBe(status.isSuccess(), status);
    for (int i = 0; i < count; i++) {
      volume().busy[first + i] = false;
      volume().read(first + i, Memory.getLong(memory + (long) i * PAGE));
    }
    simulation.reads++;
  }

  private void written(IoStatus status) {
    mustBe(status.isSuccess() || status == IoStatus.NO_SPACE, status);
    for (int i = 0; i < count; i++) {
      volume().writeEnds(first + i, status.isSuccess() ? written : SimVolume.UNKNOWN);
    }
    simulation.writes++;
  }

  private void unmapped(IoStatus status) {
    mustBe(status.isSuccess(), status);
    var view = simulation.view(volume());
    boolean thin = wasThin && view.thin();
    boolean zeroes = thin && !hadParent && view.parent() == null && shape == volume().shape;
    for (int i = first; i < first + count; i++) volume().unmapEnds(i, zeroes, !thin);
    simulation.unmaps++;
  }

  private void flushed(IoStatus status) {
    mustBe(status.isSuccess(), status);
    for (int page = 0; page < durable.length; page++) {
      if (volume().changes[page] == durable[page]) volume().flushed(page);
    }
  }
}
