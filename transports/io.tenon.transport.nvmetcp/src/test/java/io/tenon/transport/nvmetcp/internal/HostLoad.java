package io.tenon.transport.nvmetcp.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Writes and reads back until told to end, by small I/O in the capsule and large I/O that is asked for. */
public final class HostLoad {
  private static final long PATIENCE_S = 120;
  private static final int BLOCK_BYTES = 512;

  private final TestVolume volume;
  private final AtomicBoolean ends = new AtomicBoolean();
  private final AtomicLong done = new AtomicLong();
  private final CompletableFuture<Void> over;

  /**
   * @param firstBlock of 1024 that are this load's
   */
  public HostLoad(DeviceSlot slot, TestReactors reactors, int reactor, int firstBlock) {
    volume = new TestVolume(slot, reactors.get(reactor));
    over = CompletableFuture.runAsync(() -> run(firstBlock));
  }

  private void run(int firstBlock) {
    var random = new Random(firstBlock);
    try (volume) {
      while (!ends.get()) {
        int blocks = random.nextBoolean() ? 8 : 128;
        byte[] content = new byte[blocks * BLOCK_BYTES];
        random.nextBytes(content);
        int lba = firstBlock + 128 * random.nextInt(8);
        assertEquals(IoStatus.SUCCESS, volume.write(lba, content));
        assertEquals(IoStatus.SUCCESS, volume.read(lba, blocks));
        assertArrayEquals(content, volume.content(blocks));
        done.incrementAndGet();
      }
    }
  }

  public void goesOn() {
    long wanted = done.get() + 20;
    Waiting.until("I/O goes on", () -> done.get() >= wanted || over.isDone());
  }

  public void end() throws Exception {
    ends.set(true);
    over.get(PATIENCE_S, TimeUnit.SECONDS);
  }
}
