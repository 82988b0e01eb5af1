package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.time.InstantSource;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A number that a nexus writes on a child each time it comes in, and looks for when that comes back: whether it is what it was, or was
 * deleted and made again under the same uuid. Without it the write log says nothing of what the child lacks.
 *
 * <p>It lies in the last 4 KiB before the data, where Mayastor keeps nothing:
 *
 * <pre>
 * | "TENONMRK" | format | 0 | the number | zeroes |     little-endian
 * 0            8       12  16           32      4096
 * </pre>
 *
 * <p>A mark that cannot be written or read costs a full rebuild, and nothing else. Blocks; never on a reactor.
 */
final class ChildMark {
  private static final Logger log = LoggerFactory.getLogger(ChildMark.class);

  static final int BYTES = 4096;
  private static final long PATIENCE_SECONDS = 10;

  /** TENONMRK. */
  private static final long MAGIC = 0x4b524d4e4f4e4554L;

  private static final int FORMAT = 1;
  private static final int FORMAT_AT = 8;
  private static final int NUMBER_AT = 16;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Reactor reactor;
  private final UUID nexus;
  private final InstantSource clock;

  /** By URI of the child; guarded by itself, as is the last number. */
  private final TreeMap<String, UUID> known = new TreeMap<>();

  private long last;

  /**
   * @param reactor on which it does its I/O
   */
  ChildMark(Reactor reactor, UUID nexus, InstantSource clock) {
    this.reactor = reactor;
    this.nexus = nexus;
    this.clock = clock;
  }

  /** Puts a new number on a child that comes in. */
  void put(String uri, DeviceSlot slot) {
    var number = next(uri);
    if (!fits(slot)) return;
    var io = new Io(slot);
    io.memory.set(LONG, 0, MAGIC);
    io.memory.set(INT, FORMAT_AT, FORMAT);
    io.memory.set(LONG, NUMBER_AT, number.getMostSignificantBits());
    io.memory.set(LONG, NUMBER_AT + Long.BYTES, number.getLeastSignificantBits());
    io.prepareWrite(io.at(), io.blocksOfMark(), io.memory.address(), BYTES);
    if (!isDone(io, "written")) return;
    synchronized (known) {
      known.put(uri, number);
    }
  }

  /** Never the same twice, of no nexus; the one before is not looked for any more. */
  private UUID next(String uri) {
    var now = clock.instant();
    synchronized (known) {
      known.remove(uri);
      last = Math.max(last + 1, now.getEpochSecond() * 1_000_000_000L + now.getNano());
      return new UUID(nexus.getLeastSignificantBits(), last);
    }
  }

  /** Whether a child that comes back has the number that was put on it. */
  boolean isOn(String uri, DeviceSlot slot) {
    UUID number;
    synchronized (known) {
      number = known.get(uri);
    }
    if (number == null || !fits(slot)) return false;
    var io = new Io(slot);
    io.prepareRead(io.at(), io.blocksOfMark(), io.memory.address(), BYTES);
    return isDone(io, "read")
        && io.memory.get(LONG, 0) == MAGIC
        && io.memory.get(INT, FORMAT_AT) == FORMAT
        && io.memory.get(LONG, NUMBER_AT) == number.getMostSignificantBits()
        && io.memory.get(LONG, NUMBER_AT + Long.BYTES) == number.getLeastSignificantBits();
  }

  // ---- from one nexus to its successor

  Optional<UUID> known(String uri) {
    synchronized (known) {
      return Optional.ofNullable(known.get(uri));
    }
  }

  long last() {
    synchronized (known) {
      return last;
    }
  }

  /** The nexus before has put these on its children. */
  void takeUp(LeftNexus left) {
    synchronized (known) {
      last = left.lastMark();
      for (LeftChild child : left.children()) {
        child.mark().ifPresent(number -> known.put(child.uri(), number));
      }
    }
  }

  private static boolean fits(DeviceSlot slot) {
    return slot.geometry().blockBytes() <= BYTES;
  }

  private boolean isDone(Io io, String what) {
    reactor.execute(io::begin);
    String why;
    try {
      var status = Wait.on(io.ended, reactor, PATIENCE_SECONDS);
      if (status.isSuccess()) return true;
      why = status.toString();
    } catch (TimeoutException e) {
      why = "no answer in " + PATIENCE_SECONDS + " s";
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      why = "interrupted";
    }
    log.warn("the mark of {} was not {}: {}; next time all is copied", io.slot.name(), what, why);
    return false;
  }

  /** With memory of the collector's, since a device that answers late still uses it. */
  private final class Io extends IoRequest {
    private final DeviceSlot slot;
    private final MemorySegment memory = Arena.ofAuto().allocate(BYTES, BYTES);
    private final CompletableFuture<IoStatus> ended = new CompletableFuture<>();
    private @Nullable IoChannel channel;

    Io(DeviceSlot slot) {
      this.slot = slot;
    }

    long at() {
      return (DataArea.RESERVED_BYTES - BYTES) >> slot.geometry().blockShift();
    }

    long blocksOfMark() {
      return BYTES >> slot.geometry().blockShift();
    }

    void begin() {
      var opened = slot.channel(reactor);
      channel = opened;
      opened.submit(this);
    }

    @Override
    protected void completed(IoStatus status) {
      // Not inside a completion of the channel that is to be closed.
      reactor.execute(
          () -> {
            var opened = channel;
            if (opened != null) opened.close();
            ended.complete(status);
          });
    }
  }
}
