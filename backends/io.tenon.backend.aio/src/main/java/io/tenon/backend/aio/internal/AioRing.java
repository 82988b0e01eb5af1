package io.tenon.backend.aio.internal;

import io.tenon.backend.disk.DiskRing;
import io.tenon.error.Check;
import io.tenon.linux.AioContext;
import io.tenon.linux.LinuxException;
import io.tenon.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/** A reactor's AIO context. */
final class AioRing extends DiskRing {
  private static final int DEPTH = 512;

  private final AioContext context;
  private final Runnable woken;
  private Reactor.@Nullable Watch watch;

  AioRing(Reactor reactor) throws LinuxException {
    super(reactor, DEPTH);
    this.context = new AioContext(DEPTH);
    this.woken = context::clearSignal;
  }

  @Override
  protected boolean canPrepare() {
    return context.prepared() < DEPTH;
  }

  @Override
  protected void prepareTransfer(
      int slot, boolean write, int fd, long address, int lengthBytes, long offset) {
    int operation = write ? AioContext.WRITE : AioContext.READ;
    context.prepare(slot, operation, fd, address, lengthBytes, offset);
  }

  @Override
  protected void prepareDataSync(int slot, int fd) {
    context.prepare(slot, AioContext.DATA_SYNC, fd, 0, 0, 0);
  }

  @Override
  protected boolean canAllocate() {
    return false;
  }

  @Override
  protected void prepareAllocate(int slot, int fd, int mode, long offset, long lengthBytes) {
    throw Check.bug("Linux AIO does not allocate");
  }

  @Override
  protected int prepared() {
    return context.prepared();
  }

  @Override
  protected int handIn() {
    return context.submit();
  }

  @Override
  protected int takeBackFirst() {
    return context.takeBackFirst();
  }

  @Override
  protected boolean hasCompletion() {
    return context.hasCompletion();
  }

  @Override
  protected int completedSlot() {
    return context.completedSlot();
  }

  @Override
  protected long completedResult() {
    return context.completedResult();
  }

  @Override
  protected void dropCompletion() {
    context.dropCompletion();
  }

  /** Every completion signals the eventfd, which is watched for good: to do so only for a sleep would allocate. */
  @Override
  protected void armWakeUp() {
    if (watch == null) watch = reactor().watch(context.eventFd(), woken);
    context.clearSignal();
  }

  @Override
  protected void disarmWakeUp() {
    // There is no way to keep the kernel from signalling.
  }

  @Override
  protected void closeRing() {
    var watched = watch;
    if (watched != null) watched.cancel();
    // The kernel waits for its other processors, some 20 ms; this reactor's I/O need not.
    Thread.ofPlatform().daemon().name("aio-close").start(context::close);
  }
}
