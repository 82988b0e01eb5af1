package io.tenon.backend.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.block.DeviceUri;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Errno;
import io.tenon.reactor.Reactor;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the ring makes of answers that a real kernel gives seldom. */
class DiskRingTest {
  private static final int BYTES = 4096;
  private static final int DEPTH = 4;

  @TempDir Path directory;

  private TestReactors reactors;
  private Rings<ScriptedRing> rings;
  private Background background;
  private DiskDevice device;

  @BeforeEach
  void start() throws Exception {
    var file = directory.resolve("disk");
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(1 << 20);
    }
    reactors = TestReactors.start(1);
    rings = new Rings<>(reactors.reactors(), ScriptedRing::new);
    rings.acquire();
    background = new Background("disk-ring-test");
    device = new DiskDevice(Disk.open(DeviceUri.parse("aio://" + file)), "test", rings, background);
  }

  @AfterEach
  void stop() throws Exception {
    device.close();
    background.close();
    reactors.close();
  }

  /** Answers as the script says, then that all was moved. */
  private static final class ScriptedRing extends DiskRing {
    private final Deque<Long> script = new ArrayDeque<>();
    private final Deque<Integer> prepared = new ArrayDeque<>();
    private final Deque<Integer> done = new ArrayDeque<>();
    private int handedIn;

    ScriptedRing(Reactor reactor) {
      super(reactor, DEPTH);
    }

    @Override
    protected boolean canPrepare() {
      return prepared.size() < DEPTH;
    }

    @Override
    protected void prepareTransfer(
        int slot, boolean write, int fd, long address, int lengthBytes, long offset) {
      prepared.add(slot);
    }

    @Override
    protected void prepareDataSync(int slot, int fd) {
      prepared.add(slot);
    }

    @Override
    protected void prepareAllocate(int slot, int fd, int mode, long offset, long lengthBytes) {
      prepared.add(slot);
    }

    @Override
    protected boolean canAllocate() {
      return true;
    }

    @Override
    protected int prepared() {
      return prepared.size();
    }

    @Override
    protected int handIn() {
      handedIn += prepared.size();
      done.addAll(prepared);
      prepared.clear();
      return 0;
    }

    @Override
    protected int takeBackFirst() {
      return NONE;
    }

    @Override
    protected boolean hasCompletion() {
      return !done.isEmpty();
    }

    @Override
    protected int completedSlot() {
      return done.getFirst();
    }

    @Override
    protected long completedResult() {
      return script.isEmpty() ? BYTES : script.getFirst();
    }

    @Override
    protected void dropCompletion() {
      done.removeFirst();
      if (script.size() > 1 || (!script.isEmpty() && script.getFirst() >= 0)) script.removeFirst();
    }

    @Override
    protected void armWakeUp() {
      // It never sleeps with something done.
    }

    @Override
    protected void disarmWakeUp() {
      // As above.
    }

    @Override
    protected void closeRing() {
      prepared.clear();
    }
  }

  private static final class Read extends IoRequest {
    private final CompletableFuture<IoStatus> ended = new CompletableFuture<>();

    Read() {
      prepareRead(0, BYTES / 512, 4096, BYTES);
    }

    @Override
    protected void completed(IoStatus status) {
      ended.complete(status);
    }
  }

  private IoStatus read(ScriptedRing ring) {
    var channel = TestReactors.on(reactors.get(0), () -> device.channel(reactors.get(0)));
    var read = new Read();
    TestReactors.run(reactors.get(0), () -> channel.submit(read));
    var status = TestReactors.await(read.ended);
    TestReactors.run(reactors.get(0), channel::close);
    assertEquals(0, ring.prepared());
    return status;
  }

  private ScriptedRing ring(long... answers) {
    var ring = (ScriptedRing) rings.of(reactors.get(0));
    TestReactors.run(
        reactors.get(0),
        () -> {
          for (long answer : answers) ring.script.add(answer);
        });
    return ring;
  }

  @Test
  void anIoThatASignalInterruptedIsDoneAgainAndNobodyHearsOfIt() {
    var ring = ring(-Errno.EINTR, -Errno.EAGAIN, -Errno.EINTR, BYTES);
    assertEquals(IoStatus.SUCCESS, read(ring));
    assertEquals(4, TestReactors.on(reactors.get(0), () -> ring.handedIn));
  }

  @Test
  void aDiskThatIsAlwaysAskedInVainFailsTheIoInTheEnd() {
    var ring = ring(-Errno.EAGAIN);
    assertEquals(IoStatus.IO_ERROR, read(ring));
    assertEquals(DiskRing.MAX_REPEATS + 1, TestReactors.on(reactors.get(0), () -> ring.handedIn));
  }

  @Test
  void anErrorOfTheDiskIsToldAtOnce() {
    var ring = ring(-Errno.EIO, BYTES);
    assertEquals(IoStatus.IO_ERROR, read(ring));
    assertEquals(1, TestReactors.on(reactors.get(0), () -> ring.handedIn));
  }
}
