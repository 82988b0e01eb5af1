package io.tenon.nexus.internal;

import io.tenon.nexus.NexusException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of all nexuses of a node: at the same time, with one deadline, because a node has little time to stop and one nexus whose children hang
 * could take all of it. A nexus that has not ended by then is left to itself: it is recorded as ended in order only if it comes to that.
 */
final class JointEnd {
  /** Less than half of what a node has in all. */
  static final Duration WITHIN = Duration.ofSeconds(8);

  private static final Logger log = LoggerFactory.getLogger(JointEnd.class);

  private final ServedNexus nexus;
  private final CompletableFuture<Void> over = new CompletableFuture<>();
  private volatile @Nullable Thread thread;

  private JointEnd(ServedNexus nexus) {
    this.nexus = nexus;
  }

  /** As {@link #of}, of nexuses that are left to a successor. */
  static void atRest(List<ServedNexus> all, Executor blocking, Duration within) {
    var left =
        all.stream()
            .map(one -> CompletableFuture.runAsync(one::leaveToSuccessor, blocking))
            .toArray(CompletableFuture[]::new);
    try {
      CompletableFuture.allOf(left).get(within.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      log.warn("not all nexuses have come to rest within {} s", within.toSeconds());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      log.warn("not all nexuses have come to rest before the node was told to hurry");
    } catch (ExecutionException e) {
      log.error("a nexus was not left in order", e.getCause());
    }
  }

  /**
   * Blocks.
   *
   * @param blocking runs what may block, each on a thread of its own
   */
  static void of(List<ServedNexus> all, Executor blocking, Duration within) {
    var ends = all.stream().map(JointEnd::new).toList();
    for (var end : ends) blocking.execute(end::run);
    var together =
        CompletableFuture.allOf(
            ends.stream().map(end -> end.over).toArray(CompletableFuture[]::new));
    try {
      together.get(within.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      for (var end : ends) end.giveUp("within " + within.toSeconds() + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      for (var end : ends) end.giveUp("before the node was told to hurry");
    } catch (ExecutionException e) {
      log.error("a nexus did not end by a bug", e.getCause());
    }
  }

  private void run() {
    thread = Thread.currentThread();
    try {
      nexus.leave();
    } catch (NexusException e) {
      log.error("nexus {}: did not end with the node: {}", nexus.name(), e.getMessage());
    } catch (RuntimeException bug) {
      over.completeExceptionally(bug);
    } finally {
      over.complete(null);
    }
  }

  private void giveUp(String when) {
    if (over.isDone()) return;
    log.error(
        "nexus {}: did not end {}; the next one will believe one of its children",
        nexus.name(),
        when);
    var its = thread;
    if (its != null) its.interrupt();
  }
}
