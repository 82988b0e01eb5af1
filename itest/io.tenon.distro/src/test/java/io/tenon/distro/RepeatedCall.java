package io.tenon.distro;

import static org.junit.Assert.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Asks a node's API the same again and again; who is told UNAVAILABLE asks again, and anything else ends it. */
final class RepeatedCall implements AutoCloseable {
  private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(5);

  private final ManagedChannel channel;
  private final Runnable question;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final AtomicInteger asksAgain = new AtomicInteger();
  private final AtomicLong done = new AtomicLong();
  private volatile boolean stopping;
  private volatile long longestNs;

  /**
   * @param channel closed with this
   * @param question fails when the answer is wrong
   */
  RepeatedCall(ManagedChannel channel, Runnable question) {
    this.channel = channel;
    this.question = question;
    Thread.ofPlatform().name("asks the API").start(this::run);
  }

  private void run() {
    try {
      while (!stopping) {
        long startNs = System.nanoTime();
        ask();
        longestNs = Math.max(longestNs, System.nanoTime() - startNs);
        done.incrementAndGet();
      }
      ended.complete(null);
    } catch (RuntimeException | AssertionError e) {
      ended.completeExceptionally(e);
    }
  }

  private void ask() {
    while (true) {
      try {
        question.run();
        return;
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) throw e;
        asksAgain.incrementAndGet();
        LockSupport.parkNanos(AGAIN_NS);
        channel.resetConnectBackoff();
      }
    }
  }

  /** Waits until so many more questions were answered. */
  void goesOn(int more) throws Exception {
    long wanted = done.get() + more;
    Eventually.until(
        () -> {
          if (ended.isDone()) ended.get();
          return done.get() >= wanted;
        },
        () -> "the API does not answer");
  }

  /** How often it was told UNAVAILABLE. */
  int asksAgain() {
    return asksAgain.get();
  }

  long longestMs() {
    return TimeUnit.NANOSECONDS.toMillis(longestNs);
  }

  @Override
  public void close() throws Exception {
    stopping = true;
    try {
      ended.get(Eventually.PATIENCE_SECONDS, TimeUnit.SECONDS);
    } finally {
      channel.shutdownNow();
      assertTrue(channel.awaitTermination(Eventually.PATIENCE_SECONDS, TimeUnit.SECONDS));
    }
  }
}
