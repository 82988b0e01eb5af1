package io.tenon.simulation.itest;

import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

/** One read after the other, for a thread that may wait. */
final class BlockReader extends IoRequest implements AutoCloseable {
  private final MemorySegment held;
  private final Reactor reactor;
  private final IoChannel channel;
  private final int lengthOfBlock;
  private CompletableFuture<IoStatus> outcome = new CompletableFuture<>();

  BlockReader(DeviceSlot slot, Reactor reactor, int mostBlocks) {
    lengthOfBlock = slot.geometry().blockBytes();
    this.reactor = reactor;
    held = Arena.ofAuto().allocate((long) mostBlocks * lengthOfBlock, 4096);
    var opened = new CompletableFuture<IoChannel>();
    reactor.execute(() -> opened.complete(slot.channel(reactor)));
    channel = opened.join();
  }

  long memory() {
    return held.address();
  }

  IoStatus read(long lba, int blocks) {
    outcome = new CompletableFuture<>();
    reactor.execute(
        () -> {
          prepareRead(lba, blocks, memory(), blocks * lengthOfBlock);
          channel.submit(this);
        });
    return outcome.join();
  }

  @Override
  protected void completed(IoStatus status) {
    outcome.complete(status);
  }

  @Override
  public void close() {
    var closed = new CompletableFuture<Boolean>();
    reactor.execute(
        () -> {
          channel.close();
          closed.complete(true);
        });
    var _ = closed.join();
  }
}
