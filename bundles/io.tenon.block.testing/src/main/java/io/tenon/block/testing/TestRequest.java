package io.tenon.block.testing;

import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** One request with aligned memory of its own, done on a reactor while the test's thread waits. */
public final class TestRequest extends IoRequest {
  private final Reactor reactor;
  private final IoChannel channel;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment memory;
  private volatile CompletableFuture<IoStatus> ended = new CompletableFuture<>();
  private volatile int completions;

  public TestRequest(Reactor reactor, IoChannel channel, int bytes) {
    this.reactor = reactor;
    this.channel = channel;
    this.memory = arena.allocate(bytes, 4096);
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // its reactor's alone
  protected void completed(IoStatus status) {
    completions = completions + 1;
    ended.complete(status);
  }

  public int completions() {
    return completions;
  }

  public long memory() {
    return memory.address();
  }

  public void fill(int value, long bytes) {
    memory.asSlice(0, bytes).fill((byte) value);
  }

  public byte[] bytes(int count) {
    var copy = new byte[count];
    Memory.copy(memory.address(), copy, 0, count);
    return copy;
  }

  public void put(byte[] content) {
    Memory.copy(content, 0, memory.address(), content.length);
  }

  /** Prepares and submits on the reactor. */
  public CompletableFuture<IoStatus> start(Consumer<IoRequest> prepare) {
    ended = new CompletableFuture<>();
    TestReactors.run(
        reactor,
        () -> {
          prepare.accept(this);
          channel.submit(this);
        });
    return ended;
  }

  public IoStatus run(Consumer<IoRequest> prepare) {
    return TestReactors.await(start(prepare));
  }
}
