package io.tenon.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Linux AIO and io_uring on a real file: more requests than the rings hold entries, so that every index wraps. */
class RingsTest {
  private static final int DEPTH = 8;
  private static final int BLOCK_BYTES = 4096;
  private static final int ROUNDS = 1500;
  private static final int WAIT_MS = 10_000;

  @TempDir Path folder;
  private DiskFile file;
  private Mapping memory;
  private Epoll epoll;
  private Arena arena;
  private HotCalls calls;
  private long event;

  @BeforeEach
  void open() throws Exception {
    var path = folder.resolve("disk");
    Files.write(path, new byte[DEPTH * BLOCK_BYTES]);
    file = DiskFile.open(path.toString(), false, false);
    memory = Mapping.ordinary(2L * DEPTH * BLOCK_BYTES);
    epoll = new Epoll();
    arena = Arena.ofConfined();
    calls = new HotCalls(arena);
    event = arena.allocate(Epoll.EVENT_BYTES, 8).address();
  }

  @AfterEach
  void close() {
    arena.close();
    epoll.close();
    memory.close();
    file.close();
  }

  private long written(int slot) {
    return memory.address() + (long) slot * BLOCK_BYTES;
  }

  private long read(int slot) {
    return memory.address() + (long) (DEPTH + slot) * BLOCK_BYTES;
  }

  private void fill(int round) {
    for (int slot = 0; slot < DEPTH; slot++) {
      Memory.putLong(written(slot), (long) round << Integer.SIZE | slot);
      Memory.putLong(written(slot) + BLOCK_BYTES - Long.BYTES, round * 31L + slot);
    }
  }

  private void checkReadBack() {
    long length = (long) DEPTH * BLOCK_BYTES;
    assertEquals(-1, Memory.mismatch(written(0), read(0), length));
  }

  private void awaitSignal() {
    assertEquals(1, calls.epollWait(epoll.fd(), event, 1, WAIT_MS), "a completion signals");
  }

  @Test
  void linuxAioBringsEverySlotBackOnceWithWhatWasWritten() throws Exception {
    try (var ring = new AioContext(DEPTH)) {
      epoll.add(ring.eventFd(), Epoll.IN, 1);
      for (int round = 0; round < ROUNDS; round++) {
        fill(round);
        for (int slot = 0; slot < DEPTH; slot++) {
          long offset = (long) slot * BLOCK_BYTES;
          ring.prepare(slot, AioContext.WRITE, file.fd(), written(slot), BLOCK_BYTES, offset);
        }
        finish(ring);
        for (int slot = 0; slot < DEPTH; slot++) {
          long offset = (long) slot * BLOCK_BYTES;
          ring.prepare(slot, AioContext.READ, file.fd(), read(slot), BLOCK_BYTES, offset);
        }
        finish(ring);
        checkReadBack();
      }
      epoll.remove(ring.eventFd());
    }
  }

  private void finish(AioContext ring) {
    while (ring.prepared() > 0) assertEquals(0, ring.submit());
    int seen = 0;
    while (seen != (1 << DEPTH) - 1) {
      if (!ring.hasCompletion()) {
        awaitSignal();
        ring.clearSignal();
        continue;
      }
      int bit = 1 << ring.completedSlot();
      assertEquals(0, seen & bit, "a slot comes back once");
      assertEquals(BLOCK_BYTES, ring.completedResult());
      seen |= bit;
      ring.dropCompletion();
    }
    assertFalse(ring.hasCompletion());
  }

  @Test
  void linuxAioTellsTheErrorOfARequestAndGivesItsSlotBack() throws Exception {
    try (var ring = new AioContext(DEPTH)) {
      ring.prepare(3, AioContext.READ, -1, read(0), BLOCK_BYTES, 0);
      assertEquals(-9, ring.submit(), "EBADF");
      assertEquals(1, ring.prepared());
      assertEquals(3, ring.takeBackFirst());
      assertEquals(0, ring.prepared());
    }
  }

  /** Or leaves the test, and says why, where this system forbids io_uring. */
  private static Uring uring() throws LinuxException {
    try {
      return new Uring(DEPTH);
    } catch (LinuxException e) {
      if (e.errno() == Errno.EPERM || e.errno() == Errno.ENOSYS) {
        return abort("io_uring is not allowed here: " + e.getMessage());
      }
      throw e;
    }
  }

  @Test
  void ioUringBringsEverySlotBackOnceWithWhatWasWritten() throws Exception {
    try (var ring = uring()) {
      epoll.add(ring.eventFd(), Epoll.IN, 1);
      ring.signalling(true);
      for (int round = 0; round < ROUNDS; round++) {
        fill(round);
        moveAll(
            ring,
            slot -> {
              long offset = (long) slot * BLOCK_BYTES;
              ring.prepare(Uring.WRITE, file.fd(), offset, written(slot), BLOCK_BYTES, 0, slot);
            });
        moveAll(
            ring,
            slot -> {
              long offset = (long) slot * BLOCK_BYTES;
              ring.prepare(Uring.READ, file.fd(), offset, read(slot), BLOCK_BYTES, 0, slot);
            });
        checkReadBack();
      }
      epoll.remove(ring.eventFd());
    }
  }

  private void moveAll(Uring ring, IntConsumer prepare) {
    for (int slot = 0; slot < DEPTH; slot++) {
      assertFalse(ring.isFull());
      prepare.accept(slot);
    }
    assertTrue(ring.isFull());
    finish(ring, BLOCK_BYTES, prepare);
  }

  private void finish(Uring ring, int expected, IntConsumer prepare) {
    while (ring.prepared() > 0) assertEquals(0, ring.submit());
    int seen = 0;
    while (seen != (1 << DEPTH) - 1) {
      if (!ring.hasCompletion()) {
        awaitSignal();
        ring.clearSignal();
        continue;
      }
      int slot = ring.completedSlot();
      long result = ring.completedResult();
      ring.dropCompletion();
      if (result == -Errno.EINTR) {
        // The JVM signals its threads; whoever uses a ring asks again.
        prepare.accept(slot);
        while (ring.prepared() > 0) assertEquals(0, ring.submit());
        continue;
      }
      assertEquals(0, seen & 1 << slot, "a slot comes back once");
      assertEquals(expected, result);
      seen |= 1 << slot;
    }
    assertFalse(ring.hasCompletion());
  }

  @Test
  void ioUringTellsTheErrorOfARequestInItsCompletion() throws Exception {
    try (var ring = uring()) {
      epoll.add(ring.eventFd(), Epoll.IN, 1);
      ring.signalling(true);
      IntConsumer prepare =
          slot -> {
            ring.prepare(Uring.READ, -1, 0, read(slot), BLOCK_BYTES, 0, slot);
          };
      for (int slot = 0; slot < DEPTH; slot++) prepare.accept(slot);
      finish(ring, -9, prepare);
      epoll.remove(ring.eventFd());
    }
  }
}
