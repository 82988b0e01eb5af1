package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.error.Check;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** What could be opened before a repair can be opened after it, and reads as before: same size, same clusters, same ancestors. */
final class KeptPromise {
  private final long clusterBytes;
  private final Map<Integer, Integer> sources = new TreeMap<>();

  private KeptPromise(long clusterBytes, Map<Long, Long> copied) {
    this.clusterBytes = clusterBytes;
    copied.forEach((to, from) -> sources.put(cluster(to), cluster(from)));
  }

  /**
   * @param copied to which byte of the disk a cluster was copied, from which
   */
  static void check(LoadedStore before, LoadedStore after, Map<Long, Long> copied) {
    var promise = new KeptPromise(before.layout().clusterBytes(), copied);
    for (BlobId id : before.blobs.keySet()) {
      var now = after.blobs.get(id);
      if (now == null) throw Check.bug("blob %s is gone after the repair", id);
      promise.same(before.blobs.get(id), now, before);
    }
  }

  private int cluster(long atByte) {
    return (int) (atByte / clusterBytes);
  }

  private void same(StoredBlob before, StoredBlob now, LoadedStore store) {
    var id = now.id();
    Check.that(before.map().clusters() == now.map().clusters(), "blob %s has another size", id);
    var parent = before.parent();
    var parentNow = now.parent();
    boolean sameParent =
        parent == null
            ? parentNow == null
            : parentNow != null && parentNow.id().equals(parent.id());
    Check.that(sameParent, "blob %s has another parent", id);
    for (int logical = 0; logical < before.map().clusters(); logical++) {
      int was = before.map().get(logical);
      int is = now.map().get(logical);
      Check.that(
          was == is || sources.getOrDefault(is, -1) == was,
          "cluster %d of blob %s is %d and was %d",
          logical,
          id,
          is,
          was);
    }
    if (store.layout().superBlock().superBlobId().filter(id::equals).isPresent()) return;
    var attributes = before.image().xattrs();
    var attributesNow = now.image().xattrs();
    Check.that(attributes.keySet().equals(attributesNow.keySet()), "attributes of %s", id);
    attributes.forEach(
        (name, value) ->
            Check.that(
                Arrays.equals(value, attributesNow.get(name)), "attribute %s of %s", name, id));
  }
}
