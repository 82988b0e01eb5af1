package io.tenon.nvme.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeQueue;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.SglDescriptor;
import io.tenon.nvme.Sqe;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A read or a write allocates nothing from capsule to response. */
class SteadyStateTest extends TargetFixture {
  private static final int RUNS_TO_SETTLE = 25;
  private static final int COMMANDS = 40_000;
  private static final int DEPTH = 32;
  private static final int BYTES = 4096;

  private final Arena arena = Arena.ofShared();

  /** Commands that are sent again when they are answered, until enough were. */
  private final class Load {
    final CompletableFuture<Long> allocated = new CompletableFuture<>();
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Reactor reactor = reactors.get(1);
    private final NvmeQueue queue;
    private final boolean lends;
    private int left = COMMANDS;
    private int underWay;
    private int failures;
    private long before;

    Load(NvmeQueue queue, boolean lends) {
      this.queue = queue;
      this.lends = lends;
    }

    long run() {
      TestReactors.run(
          reactor,
          () -> {
            before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < DEPTH; i++) new Slot(this, i).send();
          });
      long bytes = TestReactors.await(allocated);
      assertEquals(0, failures);
      return bytes;
    }
  }

  private final class Slot extends NvmeCommand {
    private final Load load;
    private final Runnable sent = this::sent;
    private final long memory = arena.allocate(BYTES, 4096).address();
    private final int index;
    private int turn;

    Slot(Load load, int index) {
      super(arena.allocate(Sqe.LENGTH_BYTES, 8).address());
      this.load = load;
      this.index = index;
    }

    void send() {
      long sqe = sqe();
      load.underWay++;
      turn++;
      Memory.putByte(sqe, turn % 2 == 0 ? Opcode.READ : Opcode.WRITE);
      Memory.putByte(sqe + Sqe.FLAGS, Sqe.PSDT_SGL);
      Memory.putInt(sqe + Sqe.NSID, 1);
      SglDescriptor.write(sqe, SglDescriptor.BY_TRANSPORT, BYTES);
      Memory.putLong(sqe + Sqe.CDW10, index * 8L);
      Memory.putInt(sqe + Sqe.CDW12, 7);
      load.queue.begin(this);
      if (!mayLend() || !load.lends) dataAddress(memory);
      load.queue.execute(this);
    }

    @Override
    protected void respond() {
      load.reactor.atEndOfRound(sent);
    }

    private void sent() {
      load.underWay--;
      if (status() != 0) load.failures++;
      if (isLent()) giveBack();
      load.queue.end(this);
      if (--load.left > 0) {
        send();
      } else if (load.underWay == 0) {
        load.allocated.complete(load.threads.getCurrentThreadAllocatedBytes() - load.before);
      }
    }
  }

  private void assertAllocatesNothing(TestHost io, boolean lends) {
    long bytes = Long.MAX_VALUE;
    // Until the compiler has settled, objects that never leave a method are still made.
    for (int run = 0; run < RUNS_TO_SETTLE && bytes >= COMMANDS / 2; run++) {
      bytes = new Load(io.queue(), lends).run();
    }
    // What remains is the load itself: its slots, made in each run.
    assertTrue(bytes < COMMANDS / 2, bytes + " bytes for " + COMMANDS + " commands");
  }

  @Test
  void readsAndWritesOfADeviceAllocateNothing() {
    device.keepsNoRecord();
    assertAllocatesNothing(ioQueue(), false);
  }

  @Test
  void readsFromMemoryThatTheDeviceLendsAllocateNothing() throws Exception {
    String uri = "malloc:///steady?num_blocks=2048";
    target.unshare(subsystem);
    subsystem =
        target.share(
            new DeviceSlot(new MallocProvider().open(DeviceUri.parse(uri)), uri),
            ShareOptions.anyHost());
    assertAllocatesNothing(ioQueue(), true);
  }
}
