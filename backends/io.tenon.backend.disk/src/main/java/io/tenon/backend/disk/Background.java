package io.tenon.backend.disk;

import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.LinuxException;
import io.tenon.reactor.Reactor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Threads for what the kernel does only while its caller waits: discarding and zeroing. */
public final class Background implements AutoCloseable {
  private static final int THREADS = 4;
  private static final long IDLE_SECONDS = 10;

  private final ThreadPoolExecutor threads;

  /**
   * @param name of the threads
   */
  public Background(String name) {
    threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name(name + "-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
  }

  /** Does the UNMAP or WRITE_ZEROES and completes it on {@code reactor}. */
  void run(IoRequest request, DiskDevice device, Reactor reactor) {
    int shift = device.geometry().blockShift();
    boolean discards = request.operation() == IoOperation.UNMAP;
    long offset = request.lba() << shift;
    long length = request.blocks() << shift;
    try {
      threads.execute(
          () -> {
            long result = length;
            try {
              if (discards) device.disk().discard(offset, length);
              else device.disk().zero(offset, length);
            } catch (LinuxException e) {
              result = -e.errno();
            }
            long ended = result;
            reactor.execute(() -> request.complete(device.outcome(ended, length)));
          });
    } catch (RejectedExecutionException e) {
      // The backend has stopped behind the back of a device that did not drain in time.
      request.complete(IoStatus.DEVICE_GONE);
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
