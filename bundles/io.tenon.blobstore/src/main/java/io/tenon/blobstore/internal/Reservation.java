package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;

/**
 * Clusters for a thick blob, taken and cleared before any map names them: in parts, between which others have their turn. Whoever makes
 * one gives it to a map or {@link #giveBack gives it back}.
 */
final class Reservation {
  /** In one turn. */
  private static final int MOST_CLEARED = 64;

  private final OpenStore store;
  private final int[] clusters;
  private final boolean[] zero;
  private int cleared;
  private int used;

  private Reservation(OpenStore store, int count) {
    this.store = store;
    clusters = new int[count];
    zero = new boolean[count];
  }

  static Reservation of(OpenStore store, long count) throws BlobstoreException {
    store.checkOpen();
    if (count > 0) {
      store.checkAllocation();
      store.makeRoom(count);
    }
    var reservation = new Reservation(store, (int) count);
    for (int i = 0; i < count; i++) {
      reservation.zero[i] = store.space().isNextZero();
      reservation.clusters[i] = store.space().takeCluster();
    }
    store.reserved(1);
    return reservation;
  }

  int size() {
    return clusters.length;
  }

  int cleared() {
    return cleared;
  }

  /**
   * Makes some more of them zeroes, durably.
   *
   * @return true when all are
   */
  boolean clearSome() throws BlobstoreException {
    int end = Math.min(clusters.length, cleared + MOST_CLEARED);
    int from = cleared;
    store.change(
        () -> {
          boolean any = false;
          for (int i = from; i < end; i++) {
            if (zero[i]) continue;
            int first = i;
            while (i + 1 < end && !zero[i + 1] && clusters[i + 1] == clusters[i] + 1) i++;
            long bytes = store.layout().clusterBytes();
            store.disk().zero(clusters[first] * bytes, (i + 1 - first) * bytes);
            any = true;
          }
          if (any) store.disk().flush();
        });
    for (int i = from; i < end; i++) zero[i] = true;
    cleared = end;
    return cleared == clusters.length;
  }

  void clear() throws BlobstoreException {
    boolean done = false;
    while (!done) done = clearSome();
  }

  /** One for the map. */
  int next() {
    return clusters[used++];
  }

  /** It is in a map, or the store is of no use any more. */
  void end() {
    store.reserved(-1);
  }

  /** Nothing on the disk has come of it. */
  void giveBack() {
    for (int i = 0; i < clusters.length; i++) store.space().giveCluster(clusters[i], zero[i]);
    end();
  }

  static BlobstoreException cancelled(String what) {
    return new BlobstoreException(Kind.CANCELLED, what, "It was given up.", "");
  }
}
