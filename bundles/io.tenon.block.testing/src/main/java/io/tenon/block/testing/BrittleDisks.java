package io.tenon.block.testing;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;

/** Disks of a backend that fail writes, or do not answer, when a test wants it. */
public final class BrittleDisks implements DeviceProvider {
  private final DeviceProvider backend;

  /** Writes and flushes fail from now on. */
  public volatile boolean failing;

  /** So many more writes are done before the next fails, and then all are again; nothing when negative. */
  public final AtomicInteger failsOnceAfter = new AtomicInteger(-1);

  /** Nothing is answered while this is so, and all of it afterwards. */
  public volatile boolean hanging;

  /** Requests that were not answered at once. */
  public final AtomicInteger held = new AtomicInteger();

  public BrittleDisks(DeviceProvider backend) {
    this.backend = backend;
  }

  @Override
  public String deviceName(DeviceUri uri) throws DeviceException {
    return backend.deviceName(uri);
  }

  @Override
  public BlockDevice open(DeviceUri uri) throws DeviceException {
    return new Brittle(backend.open(uri), this);
  }

  private static final class Brittle extends ForwardingDevice {
    private final BrittleDisks disks;

    Brittle(BlockDevice inner, BrittleDisks disks) {
      super(inner);
      this.disks = disks;
    }

    @Override
    public String productName() {
      return "Brittle disk";
    }

    @Override
    public IoChannel channel(Reactor reactor) {
      return new Channel(inner().channel(reactor), reactor, disks);
    }
  }

  private static final class Channel extends IoChannel {
    private final IoChannel next;
    private final Reactor reactor;
    private final BrittleDisks disks;
    private final ArrayDeque<IoRequest> held = new ArrayDeque<>();

    Channel(IoChannel next, Reactor reactor, BrittleDisks disks) {
      this.next = next;
      this.reactor = reactor;
      this.disks = disks;
    }

    @Override
    protected void take(IoRequest request) {
      if (!disks.hanging) {
        answer(request);
        return;
      }
      held.add(request);
      disks.held.incrementAndGet();
      if (held.size() == 1) later();
    }

    private void later() {
      var _ = reactor.schedule(1_000_000, this::look);
    }

    private void look() {
      if (disks.hanging) {
        later();
        return;
      }
      while (!held.isEmpty()) answer(held.remove());
    }

    private void answer(IoRequest request) {
      if (request.operation() != IoOperation.READ && disks.failsNow()) {
        request.complete(IoStatus.IO_ERROR);
      } else {
        pass(request, next);
      }
    }

    @Override
    public void close() {
      next.close();
    }
  }

  private boolean failsNow() {
    if (failsOnceAfter.get() < 0) return failing;
    return failsOnceAfter.getAndDecrement() == 0;
  }
}
