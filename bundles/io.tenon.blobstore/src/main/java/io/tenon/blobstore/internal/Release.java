package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.Transaction.Stage;
import io.tenon.blobstore.internal.layout.BlobImage;
import io.tenon.blobstore.internal.layout.ClusterMap;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes clusters away from thin blobs, Format §11: from the map first, and when that is durable and nobody uses the former map any
 * more, they are cleared and free. Each list of clusters is written once, however many of its clusters go; one that is empty then goes
 * as well.
 */
final class Release {
  private final OpenStore store;
  private final Map<StoredBlob, BitSet> wanted = new LinkedHashMap<>();

  /** What one blob becomes. */
  private static final class Share {
    final BlobImage image;
    final ClusterMap map;

    Share(StoredBlob blob, BitSet clusters) {
      image = blob.image().copy();
      map = blob.map().edit();
      clusters.stream().forEach(cluster -> map.set(cluster, 0));
    }
  }

  Release(OpenStore store) {
    this.store = store;
  }

  /**
   * Adds those of the clusters that the blob has, and that read as zeroes without it. The others stay as they are, and so do all when
   * the blob must keep its clusters.
   */
  void add(StoredBlob blob, int first, int count) {
    var view = blob.view();
    if (!view.thin() || blob.isReadOnly() || !blob.children().isEmpty()) return;
    // Where clusters may have another owner none is given out, and so none is taken back.
    if (blob.restriction().isPresent() || !store.allocates()) return;
    var map = view.map();
    int end = Math.min(map.clusters(), first + count);
    for (int at = map.nextAllocated(first, end); at < end; at = map.nextAllocated(at + 1, end)) {
      if (view.findBelow(at) != 0) continue;
      wanted.computeIfAbsent(blob, _ -> new BitSet()).set(at);
    }
  }

  /** Changes the maps. Blobs have their new views when it returns, and their clusters wait to be cleared. */
  void commit() throws BlobstoreException {
    if (wanted.isEmpty()) return;
    var step = store.begin();
    Map<StoredBlob, Share> changed = new LinkedHashMap<>();
    try {
      prepare(step, changed, true);
    } catch (BlobstoreException e) {
      if (e.kind() != Kind.NO_METADATA_PAGE) throw e;
      // There is no page for new roots' chains; lists can be written where they are.
      changed.clear();
      step = store.begin();
      prepare(step, changed, false);
    }
    if (changed.isEmpty()) return;
    store.commit(step);
    changed.forEach(
        (blob, share) -> {
          blob.image(share.image);
          blob.view(share.map, blob.parent());
        });
    for (StoredBlob blob : changed.keySet()) Pause.passOver(blob);
    store.clean(step);
  }

  private void prepare(Transaction step, Map<StoredBlob, Share> changed, boolean rootsToo)
      throws BlobstoreException {
    Persist.prepare(
        step,
        () -> {
          for (var one : wanted.entrySet()) {
            var blob = one.getKey();
            if (!rootsToo && blob.image().form() == MapForm.RUNS) continue;
            var share = new Share(blob, one.getValue());
            write(step, share, one.getValue(), rootsToo);
            free(step, blob, one.getValue());
            changed.put(blob, share);
          }
        });
  }

  private static void write(Transaction step, Share share, BitSet clusters, boolean rootsToo)
      throws BlobstoreException {
    if (share.image.form() == MapForm.RUNS) {
      step.persist(share.image, share.map);
      return;
    }
    int[] pages = share.image.extentPages();
    boolean rootChanges = false;
    for (int slot : slotsOf(clusters)) {
      if (rootsToo && share.map.isSlotEmpty(slot)) {
        step.freePage(pages[slot]);
        pages[slot] = 0;
        rootChanges = true;
      } else {
        step.list(Stage.LISTS, share.image, share.map, slot);
      }
    }
    if (rootChanges) step.persist(share.image, share.map);
  }

  private static List<Integer> slotsOf(BitSet clusters) {
    var slots = new ArrayList<Integer>();
    int at = clusters.nextSetBit(0);
    while (at >= 0) {
      int slot = at / ClusterMap.SLOT_CLUSTERS;
      slots.add(slot);
      at = clusters.nextSetBit((slot + 1) * ClusterMap.SLOT_CLUSTERS);
    }
    return slots;
  }

  /** It was asked for, so also a blob that leaves its clusters as they are when it is deleted gives them back to the disk. */
  private static void free(Transaction step, StoredBlob blob, BitSet clusters) {
    var method =
        blob.image().flags().clearMethod() == ClearMethod.WRITE_ZEROES
            ? ClearMethod.WRITE_ZEROES
            : ClearMethod.UNMAP;
    clusters.stream().forEach(cluster -> step.freeCluster(blob.map().get(cluster), method));
  }
}
