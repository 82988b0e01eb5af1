package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.Transaction.Stage;
import io.tenon.blobstore.internal.layout.BlobImage;
import io.tenon.blobstore.internal.layout.ClusterMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * Gives clusters to thin blobs, several at a time, Format §11. A cluster is complete before the map names it: it has what the nearest
 * ancestor has there, or zeroes.
 */
final class Allocation {
  /** So many clusters at a time fit a journal record with their lists and roots. */
  static final int MOST_CLUSTERS = 24;

  private final OpenStore store;
  private final Transaction step;
  private final Map<StoredBlob, Share> shares = new LinkedHashMap<>();

  /** What one blob gets. */
  private static final class Share {
    final BlobImage image;
    final ClusterMap map;
    final NavigableSet<Integer> slots = new TreeSet<>();
    final List<Integer> added = new ArrayList<>();

    Share(StoredBlob blob) {
      image = blob.image().copy();
      map = blob.map().edit();
    }
  }

  Allocation(OpenStore store) throws BlobstoreException {
    this.store = store;
    this.step = store.begin();
  }

  /** True when the blob may be written at all; throws the reason otherwise. */
  static void checkWritable(OpenStore store, StoredBlob blob) throws BlobstoreException {
    store.changeable(blob.id(), "written");
    if (!blob.isReadOnly() && blob.children().isEmpty()) return;
    throw new BlobstoreException(
        Kind.READ_ONLY,
        "Blob %s was not written.".formatted(blob.id()),
        "It is a snapshot.",
        "Write to a clone of it.");
  }

  /**
   * Takes one more cluster; nothing happens when the blob has it already.
   *
   * @throws BlobstoreException when there is none; those taken before stay
   */
  void add(StoredBlob blob, int cluster) throws BlobstoreException {
    store.checkAllocation();
    var share = shares.computeIfAbsent(blob, Share::new);
    if (share.map.get(cluster) != 0) return;
    int slot = cluster / ClusterMap.SLOT_CLUSTERS;
    // The lists' pages first: without one the cluster is of no use.
    if (share.image.form() == MapForm.TABLE && share.image.extentPages()[slot] == 0) {
      int free = store.space().freePages();
      if (free == 0) {
        throw new BlobstoreException(
            Kind.NO_METADATA_PAGE, "There is no page for the list of clusters.", "", "");
      }
    }
    store.makeRoom(1);
    share.map.set(cluster, step.takeCluster());
    share.added.add(cluster);
    share.slots.add(slot);
  }

  boolean isEmpty() {
    return shares.values().stream().allMatch(share -> share.slots.isEmpty());
  }

  /** Fills the clusters and writes the maps. Blobs have their new views when it returns. */
  void commit() throws BlobstoreException {
    Map<StoredBlob, Share> changed = new LinkedHashMap<>(shares);
    changed.values().removeIf(share -> share.slots.isEmpty());
    if (changed.isEmpty()) return;
    Persist.prepare(
        step,
        () -> {
          for (Share share : changed.values()) write(share);
        });
    store.change(() -> fill(changed));
    store.commit(step);
    changed.forEach(
        (blob, share) -> {
          blob.image(share.image);
          blob.view(share.map, blob.parent());
        });
    store.clean(step);
  }

  private void write(Share share) throws BlobstoreException {
    if (share.image.form() == MapForm.RUNS) {
      step.persist(share.image, share.map);
      return;
    }
    boolean rootChanges = false;
    int[] pages = share.image.extentPages();
    for (int slot : share.slots) {
      if (pages[slot] == 0) {
        pages[slot] = step.takeExtentPage();
        step.freshList(share.image, share.map, slot);
        rootChanges = true;
      } else {
        step.list(Stage.LISTS, share.image, share.map, slot);
      }
    }
    if (rootChanges) step.persist(share.image, share.map);
  }

  private void fill(Map<StoredBlob, Share> changed) throws BlobstoreException {
    long bytes = store.layout().clusterBytes();
    for (var one : changed.entrySet()) {
      var share = one.getValue();
      for (int logical : share.added) {
        int cluster = share.map.get(logical);
        long to = cluster * bytes;
        int source = one.getKey().view().find(logical);
        if (source != 0) store.disk().copy(source * bytes, to, bytes);
        else if (!step.isZero(cluster)) store.disk().zero(to, bytes);
      }
    }
  }
}
