package io.tenon.block.testing;

import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Many requests in flight on one channel, each followed by its next until it has had its share. */
public abstract class Load {
  private final Reactor reactor;
  private final IoChannel channel;
  private final Leg[] legs;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private int running;
  private @Nullable String failure;

  protected Load(Reactor reactor, IoChannel channel, int depth, int bufferBytes) {
    this.reactor = reactor;
    this.channel = channel;
    this.legs = new Leg[depth];
    for (int i = 0; i < depth; i++) legs[i] = new Leg(i, bufferBytes);
  }

  /**
   * Prepares the leg's next request. On the reactor.
   *
   * @return false when the leg has had its share
   */
  protected abstract boolean prepare(Leg leg);

  /**
   * Looks at how it went. On the reactor.
   *
   * @return what is wrong, or null
   */
  protected abstract @Nullable String check(Leg leg, IoStatus status);

  /** Until every leg has had its share, or one found something wrong. */
  public final void run() {
    start();
    await();
  }

  /** It goes on by itself, beside whatever the test does until it waits for it. */
  public final void start() {
    reactor.execute(
        () -> {
          running = legs.length;
          for (Leg leg : legs) leg.go();
        });
  }

  /** As {@link #run}, of one that was started. */
  public final void await() {
    TestReactors.await(done);
  }

  private void legEnded() {
    running--;
    if (running > 0) return;
    var wrong = failure;
    if (wrong == null) done.complete(null);
    else done.completeExceptionally(new AssertionError(wrong));
  }

  /** One of the requests that are in flight together. */
  public final class Leg extends IoRequest {
    private final int index;
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment memory;
    private boolean submitting;
    private boolean endedInSubmit;

    Leg(int index, int bytes) {
      this.index = index;
      this.memory = arena.allocate(bytes, 4096);
    }

    public int index() {
      return index;
    }

    public long memory() {
      return memory.address();
    }

    private void go() {
      do {
        if (failure != null || !prepare(this)) {
          legEnded();
          return;
        }
        endedInSubmit = false;
        submitting = true;
        channel.submit(this);
        submitting = false;
      } while (endedInSubmit);
    }

    @Override
    protected void completed(IoStatus status) {
      if (failure == null) failure = check(this, status);
      if (submitting) endedInSubmit = true;
      else go();
    }
  }
}
