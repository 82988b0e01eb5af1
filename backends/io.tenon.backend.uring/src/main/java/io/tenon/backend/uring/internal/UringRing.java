package io.tenon.backend.uring.internal;

import io.tenon.backend.disk.DiskRing;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Uring;
import io.tenon.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/** A reactor's io_uring. */
final class UringRing extends DiskRing {
  private static final int ENTRIES = 512;

  private final Uring uring;
  private final Runnable woken;
  private Reactor.@Nullable Watch watch;

  private UringRing(Reactor reactor, Uring uring) {
    super(reactor, uring.depth());
    this.uring = uring;
    this.woken = uring::clearSignal;
  }

  static UringRing make(Reactor reactor) throws LinuxException {
    return new UringRing(reactor, new Uring(ENTRIES));
  }

  @Override
  protected boolean canPrepare() {
    return !uring.isFull();
  }

  @Override
  protected void prepareTransfer(
      int slot, boolean write, int fd, long address, int lengthBytes, long offset) {
    uring.prepare(write ? Uring.WRITE : Uring.READ, fd, offset, address, lengthBytes, 0, slot);
  }

  @Override
  protected void prepareDataSync(int slot, int fd) {
    uring.prepare(Uring.SYNC, fd, 0, 0, 0, Uring.DATA_ONLY, slot);
  }

  @Override
  protected boolean canAllocate() {
    return true;
  }

  @Override
  protected void prepareAllocate(int slot, int fd, int mode, long offset, long lengthBytes) {
    uring.prepare(Uring.ALLOCATE, fd, offset, lengthBytes, mode, 0, slot);
  }

  @Override
  protected int prepared() {
    return uring.prepared();
  }

  @Override
  protected int handIn() {
    return uring.submit();
  }

  /** What is wrong with one request comes as its completion; an error of handing in is the ring's. */
  @Override
  protected int takeBackFirst() {
    return NONE;
  }

  @Override
  protected boolean hasCompletion() {
    return uring.hasCompletion();
  }

  @Override
  protected int completedSlot() {
    return uring.completedSlot();
  }

  @Override
  protected long completedResult() {
    return uring.completedResult();
  }

  @Override
  protected void dropCompletion() {
    uring.dropCompletion();
  }

  /** Watched for good; the kernel is told by a flag in memory when to signal. */
  @Override
  protected void armWakeUp() {
    if (watch == null) watch = reactor().watch(uring.eventFd(), woken);
    uring.signalling(true);
  }

  @Override
  protected void disarmWakeUp() {
    uring.signalling(false);
  }

  @Override
  protected void closeRing() {
    var watched = watch;
    if (watched != null) watched.cancel();
    uring.close();
  }
}
