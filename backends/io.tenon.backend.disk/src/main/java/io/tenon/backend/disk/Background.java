package io.tenon.backend.disk;

import io.tenon.block.AllocationQuery;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.LinuxException;
import io.tenon.reactor.Reactor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Threads for what the kernel does only while its caller waits: discarding and zeroing, and saying where a file holds data. */
public final class Background implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Background.class);
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

  /** Asks the file system and answers on {@code reactor}. */
  void look(AllocationQuery query, DiskDevice device, Reactor reactor) {
    int shift = device.geometry().blockShift();
    long offset = query.lba() << shift;
    long length = query.blocks() << shift;
    try {
      threads.execute(
          () -> {
            long alike = alike(device, offset, length);
            reactor.execute(() -> answer(query, alike, shift));
          });
    } catch (RejectedExecutionException e) {
      // As above.
      query.answerUnknown();
    }
  }

  private static long alike(DiskDevice device, long offset, long length) {
    try {
      return Holes.alike(device.disk().file(), offset, length);
    } catch (LinuxException e) {
      log.debug("{}: does not say where it holds data", device.name(), e);
      return length;
    }
  }

  /** Of a block in which there is some data all counts as data. */
  private static void answer(AllocationQuery query, long alikeBytes, int shift) {
    long blockBytes = 1L << shift;
    if (-alikeBytes >= blockBytes) {
      query.answer(false, -alikeBytes >> shift);
    } else {
      long blocks = (Math.max(alikeBytes, 1) + blockBytes - 1) >> shift;
      query.answer(true, blocks);
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
