package io.tenon.backend.disk;

import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.error.Check;
import io.tenon.linux.Errno;
import io.tenon.reactor.Poller;
import io.tenon.reactor.Reactor;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reactor's ring for all disks of a backend: what comes in a round is handed to the kernel at its end by one system
 * call; what is done is found by looking into memory each round. That reactor's thread only.
 */
public abstract class DiskRing implements Poller {
  private static final Logger log = LoggerFactory.getLogger(DiskRing.class);

  /** No slot. */
  protected static final int NONE = -1;

  /** How often an I/O that the kernel left undone for a passing reason is handed in again. */
  static final int MAX_REPEATS = 1000;

  /** Completions in one round, so that sockets have their turn. */
  private static final int MAX_PER_ROUND = 256;

  private final Reactor reactor;
  private final @Nullable IoRequest[] requests;
  private final @Nullable DiskDevice[] devices;
  private final int[] freeSlots;

  /** How often each slot's I/O was handed in again. */
  private final int[] repeats;

  /** Slots to be handed in again. */
  private final int[] undone;

  private final Runnable flush = this::flush;
  private final ArrayDeque<IoRequest> backlog = new ArrayDeque<>();
  private final ArrayDeque<DiskDevice> backlogDevices = new ArrayDeque<>();
  private int free;
  private int undoneCount;
  private boolean flushWaits;

  /** The kernel had no room; asked again each round. */
  private boolean stalled;

  /**
   * @param depth requests in flight at a time; more wait
   */
  protected DiskRing(Reactor reactor, int depth) {
    this.reactor = reactor;
    this.requests = new IoRequest[depth];
    this.devices = new DiskDevice[depth];
    this.freeSlots = new int[depth];
    this.repeats = new int[depth];
    this.undone = new int[depth];
    for (int slot = 0; slot < depth; slot++) freeSlots[slot] = depth - 1 - slot;
    this.free = depth;
  }

  protected final Reactor reactor() {
    return reactor;
  }

  // The kind of ring.

  /** There is room to prepare one more. */
  protected abstract boolean canPrepare();

  protected abstract void prepareTransfer(
      int slot, boolean write, int fd, long address, int lengthBytes, long offset);

  protected abstract void prepareDataSync(int slot, int fd);

  /**
   * @param mode of fallocate(2)
   */
  protected abstract void prepareAllocate(
      int slot, int fd, int mode, long offset, long lengthBytes);

  /** {@link #prepareAllocate} may be called. */
  protected abstract boolean canAllocate();

  protected abstract int prepared();

  /**
   * @return 0, or the negative error number of the first that is prepared
   */
  protected abstract int handIn();

  /**
   * Takes back the first that is prepared, whose error {@link #handIn} has told.
   *
   * @return its slot, or {@link #NONE} when the error is not that one's but a passing state of the ring
   */
  protected abstract int takeBackFirst();

  protected abstract boolean hasCompletion();

  protected abstract int completedSlot();

  protected abstract long completedResult();

  protected abstract void dropCompletion();

  /** From now on a completion wakes the reactor. */
  protected abstract void armWakeUp();

  protected abstract void disarmWakeUp();

  /** Nothing is in flight. */
  protected abstract void closeRing();

  // What all rings do.

  void start() {
    reactor.addPoller(this);
  }

  void stop() {
    reactor.removePoller(this);
    if (free != freeSlots.length) throw Check.bug("ring of %s closed in use", reactor.name());
    closeRing();
  }

  final void submit(IoRequest request, DiskDevice device) {
    if (free == 0 || !backlog.isEmpty()) {
      backlog.add(request);
      backlogDevices.add(device);
      return;
    }
    begin(request, device);
  }

  private void begin(IoRequest request, DiskDevice device) {
    if (!canPrepare()) flush();
    if (!canPrepare()) {
      backlog.addFirst(request);
      backlogDevices.addFirst(device);
      return;
    }
    int slot = freeSlots[--free];
    requests[slot] = request;
    devices[slot] = device;
    repeats[slot] = 0;
    prepare(slot, request, device);
  }

  private void prepare(int slot, IoRequest request, DiskDevice device) {
    int shift = device.geometry().blockShift();
    long offset = request.lba() << shift;
    switch (request.operation()) {
      case READ, WRITE ->
          prepareTransfer(
              slot,
              request.operation() == IoOperation.WRITE,
              device.fd(),
              request.address(),
              request.lengthBytes(),
              offset);
      case FLUSH -> prepareDataSync(slot, device.fd());
      case UNMAP, WRITE_ZEROES ->
          prepareAllocate(
              slot,
              device.fd(),
              request.operation() == IoOperation.UNMAP ? Allocation.PUNCH : Allocation.ZERO,
              offset,
              request.blocks() << shift);
      case COMPARE, COMPARE_AND_WRITE -> throw Check.bug("%s reached a ring", request);
    }
    if (!flushWaits) {
      flushWaits = true;
      reactor.atEndOfRound(flush);
    }
  }

  private void flush() {
    flushWaits = false;
    stalled = false;
    while (prepared() > 0) {
      int before = prepared();
      int result = handIn();
      if (result == 0 && prepared() < before) continue;
      int slot = isPassing(-result) ? NONE : takeBackFirst();
      if (slot == NONE) {
        stalled = true;
        return;
      }
      log.warn("{}: a request was not taken, {}", reactor.name(), Errno.text(-result));
      complete(slot, result);
    }
  }

  private static boolean isPassing(int errno) {
    return errno == 0
        || errno == Errno.EAGAIN
        || errno == Errno.EBUSY
        || errno == Errno.EINTR
        || errno == Errno.ENOMEM;
  }

  /** Nothing is wrong with the disk: a signal came, or something had to wait where it may not. */
  private static boolean isUndone(long result) {
    return result == -Errno.EINTR || result == -Errno.EAGAIN;
  }

  private void repeatUndone() {
    while (undoneCount > 0 && canPrepare()) {
      int slot = undone[--undoneCount];
      var request = requests[slot];
      var device = devices[slot];
      if (request == null || device == null) throw Check.bug("slot %d ended twice", slot);
      prepare(slot, request, device);
    }
  }

  private void complete(int slot, long result) {
    var request = requests[slot];
    var device = devices[slot];
    if (request == null || device == null) throw Check.bug("slot %d ended twice", slot);
    requests[slot] = null;
    devices[slot] = null;
    freeSlots[free++] = slot;
    boolean moves =
        request.operation() == IoOperation.READ || request.operation() == IoOperation.WRITE;
    request.complete(device.outcome(result, moves ? request.lengthBytes() : 0));
  }

  @Override
  public final int poll() {
    if (free == freeSlots.length) return 0;
    int done = 0;
    while (done < MAX_PER_ROUND && hasCompletion()) {
      int slot = completedSlot();
      long result = completedResult();
      dropCompletion();
      if (isUndone(result) && ++repeats[slot] <= MAX_REPEATS) undone[undoneCount++] = slot;
      else complete(slot, result);
      done++;
    }
    repeatUndone();
    while (free > 0 && canPrepare()) {
      var request = backlog.poll();
      var device = backlogDevices.poll();
      if (request == null || device == null) break;
      begin(request, device);
    }
    if (stalled) flush();
    return done;
  }

  @Override
  public final boolean prepareToSleep() {
    if (free == freeSlots.length) return true;
    if (stalled || undoneCount > 0 || hasCompletion()) return false;
    armWakeUp();
    return !hasCompletion();
  }

  @Override
  public final void awake() {
    disarmWakeUp();
  }
}
