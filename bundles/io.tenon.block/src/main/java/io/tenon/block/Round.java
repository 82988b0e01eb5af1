package io.tenon.block;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** Something that every channel of a slot has to say once. */
final class Round {
  private final AtomicInteger missing;
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  Round(int channels) {
    missing = new AtomicInteger(channels);
    if (channels == 0) done.complete(null);
  }

  void arrive() {
    if (missing.decrementAndGet() == 0) done.complete(null);
  }

  CompletableFuture<Void> done() {
    return done;
  }
}
