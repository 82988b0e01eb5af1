package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import io.tenon.metadata.Change;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.Lease;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.OutcomeUnknownException;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import io.tenon.metadata.WatchEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Counts in the node's metadata store, each step expecting the one before it, with a lease that must be held and a watch that must see
 * every step. The first thing that goes wrong ends it.
 */
final class CheckedStore implements AutoCloseable {
  private static final Duration WITHIN = Duration.ofSeconds(60);
  private static final long PATIENCE_SECONDS = 120;

  private final MetadataStore store;
  private final Key counter;
  private final CompletableFuture<String> lost = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final CompletableFuture<String> gap = new CompletableFuture<>();
  private final Lease lease;
  private final Watch watch;
  private volatile long done;
  private volatile long seen;
  private volatile boolean stopping;
  private volatile long longestNs;

  /**
   * @param name other than that of others who count at the same time
   */
  CheckedStore(MetadataStore store, String name) throws StoreException {
    this.store = store;
    counter = Key.of("/test/" + name + "/counter");
    lease = store.grant(WITHIN, (_, why) -> lost.complete(why), WITHIN);
    watch = store.watch(Prefix.of("/test/" + name + "/"), this::heard);
    Thread.ofPlatform().name("counts in the store").start(this::run);
  }

  private void run() {
    try {
      while (!stopping) step();
      ended.complete(null);
    } catch (StoreException | RuntimeException e) {
      ended.completeExceptionally(e);
    }
  }

  private void step() throws StoreException {
    long startNs = System.nanoTime();
    var before = store.get(counter, WITHIN);
    long count = before.map(entry -> number(entry.value())).orElse(0L);
    if (count != done)
      throw new IllegalStateException(done + " was answered, and there is " + count);
    var version = before.map(Entry::version).orElse(Version.NONE);
    try {
      store.commit(
          Transaction.begin()
              .expect(counter, version)
              .put(counter, Value.of(Long.toString(count + 1)), lease.id())
              .end(),
          WITHIN);
      done = count + 1;
    } catch (OutcomeUnknownException e) {
      done = store.get(counter, WITHIN).map(entry -> number(entry.value())).orElse(0L);
    }
    longestNs = Math.max(longestNs, System.nanoTime() - startNs);
  }

  private static long number(Value value) {
    return Long.parseLong(new String(value.bytes(), StandardCharsets.UTF_8));
  }

  private void heard(WatchEvent event) {
    switch (event) {
      case WatchEvent.Current current -> {
        for (var entry : current.listing().entries()) seen = number(entry.value());
      }
      case WatchEvent.Changed changed -> {
        for (Change change : changed.changes()) {
          if (!(change instanceof Change.Written written)) continue;
          long now = number(written.entry().value());
          if (now != seen + 1) gap.complete(seen + " was told, then " + now);
          seen = now;
        }
      }
      case WatchEvent.ReadAgain again -> gap.complete(again.why());
    }
  }

  /** Waits until it has counted so many more. */
  void goesOn(int more) throws Exception {
    long wanted = done + more;
    Eventually.until(
        () -> {
          if (ended.isDone()) ended.get();
          return done >= wanted;
        },
        () -> "nothing is counted any more");
  }

  long longestMs() {
    return TimeUnit.NANOSECONDS.toMillis(longestNs);
  }

  void mustBeWhole() throws Exception {
    stopping = true;
    ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    Eventually.until(() -> seen >= done, () -> "told " + seen + " of " + done);
    assertEquals("told", done, seen);
    assertTrue(gap.getNow("every step was told"), !gap.isDone());
    assertTrue(lost.getNow("the lease is held"), !lost.isDone() && lease.isHeld());
  }

  @Override
  public void close() throws StoreException {
    stopping = true;
    watch.close();
    lease.revoke(WITHIN);
  }
}
