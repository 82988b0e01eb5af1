package io.tenon.nvme.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Tells when all I/Os have ended that a queue had given to its device before some moment, while new ones come and go. Each I/O
 * belongs to a round; a fence begins the next one and counts the end of those of older ones. The queue's reactor only.
 */
final class Fences {
  private static final class Fence {
    final int round;
    final CompletableFuture<Void> passed;
    int left;

    Fence(int round, int left, CompletableFuture<Void> passed) {
      this.round = round;
      this.left = left;
      this.passed = passed;
    }
  }

  private final List<Fence> standing = new ArrayList<>();
  private int round;

  /** Of the I/Os that are submitted now. */
  int round() {
    return round;
  }

  boolean isEmpty() {
    return standing.isEmpty();
  }

  /**
   * @param inFlight I/Os that the device has
   * @param passed completed when they have ended
   */
  void raise(int inFlight, CompletableFuture<Void> passed) {
    round++;
    if (inFlight == 0) passed.complete(null);
    else standing.add(new Fence(round, inFlight, passed));
  }

  /**
   * An I/O has ended.
   *
   * @param itsRound when it was submitted
   * @param later runs what the end of a fence leads to
   */
  void ended(int itsRound, Consumer<Runnable> later) {
    for (var all = standing.iterator(); all.hasNext(); ) {
      var fence = all.next();
      if (itsRound - fence.round >= 0 || --fence.left > 0) continue;
      all.remove();
      later.accept(() -> fence.passed.complete(null));
    }
  }
}
