package io.tenon.pool.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobInfo;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.StoreInfo;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A store for those who only look. A disk that does not answer holds up whatever changes the store; who looks gets what was seen last
 * then, and is told so.
 */
final class Sight {
  /**
   * What a store held at one moment.
   *
   * @param old a sentence when it may have changed since; else empty
   */
  record View(
      StoreInfo info,
      List<BlobInfo> blobs,
      Map<BlobId, String> unopened,
      Optional<BlobId> superBlob,
      Instant at,
      String old) {
    Census census() {
      return new Census(blobs, superBlob, info.clusterBytes());
    }

    private View asOld() {
      return new View(
          info,
          blobs,
          unopened,
          superBlob,
          at,
          "Numbers are of %s: its disk has not answered since."
              .formatted(at.truncatedTo(ChronoUnit.SECONDS)));
    }
  }

  private final PoolParts parts;
  private View last;

  /** One that has taken too long: others need not try before it has ended. */
  private CompletableFuture<View> overdue;

  /** Waits for the store this once. */
  Sight(PoolParts parts, Blobstore store) {
    this.parts = parts;
    last = read(store);
    overdue = CompletableFuture.completedFuture(last);
  }

  private View read(Blobstore store) {
    return new View(
        store.info(),
        store.blobs(),
        store.unopened(),
        store.superBlob(),
        parts.clock().instant(),
        "");
  }

  View of(Blobstore store) {
    if (isSomebodyWaiting()) return lastSeen();
    var reading = new CompletableFuture<View>();
    parts.blocking().execute(() -> reading.complete(read(store)));
    if (Patience.sees(reading, parts.patienceNs(), parts.reactor())) return seen(reading.join());
    synchronized (this) {
      overdue = reading;
    }
    return lastSeen();
  }

  /** As {@link #of}, after one that was held up: for who knows of a change that is newer than what was seen last. */
  View anew(Blobstore store) {
    CompletableFuture<View> before;
    synchronized (this) {
      before = overdue;
    }
    return Patience.sees(before, parts.patienceNs(), parts.reactor()) ? of(store) : lastSeen();
  }

  private synchronized View seen(View now) {
    last = now;
    return now;
  }

  private synchronized boolean isSomebodyWaiting() {
    return !overdue.isDone();
  }

  private synchronized View lastSeen() {
    return last.asOld();
  }
}
