package io.tenon.blobstore.internal;

import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

/** One I/O of metadata: prepared by whoever waits for it, done on a reactor. Used again when it has ended. */
final class DiskRequest extends IoRequest {
  private final MemorySegment memory;
  private final Runnable submit;
  private volatile CompletableFuture<IoStatus> ended = new CompletableFuture<>();

  DiskRequest(IoChannel channel, int memoryBytes) {
    memory = Arena.ofAuto().allocate(memoryBytes, 4096);
    submit = () -> channel.submit(this);
  }

  long memory() {
    return memory.address();
  }

  int memoryBytes() {
    return (int) memory.byteSize();
  }

  void start(Reactor reactor) {
    ended = new CompletableFuture<>();
    reactor.execute(submit);
  }

  CompletableFuture<IoStatus> ended() {
    return ended;
  }

  @Override
  protected void completed(IoStatus status) {
    ended.complete(status);
  }
}
