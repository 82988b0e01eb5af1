package io.tenon.blobstore.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.layout.Page;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Random operations on a store and on its model alike; each either happens in both or is refused in both. */
final class RandomOperations {
  private static final int MOST_BLOBS = 12;
  private static final Set<Kind> FULL = Set.of(Kind.NO_SPACE, Kind.NO_METADATA_PAGE);

  private final SplittableRandom random;
  private final int pagesPerCluster;
  private long stamp = 1;

  RandomOperations(SplittableRandom random, int pagesPerCluster) {
    this.random = random;
    this.pagesPerCluster = pagesPerCluster;
  }

  /** What was done, for people. */
  private String last = "nothing";

  private @Nullable BlobId goingToBeZero;
  private Set<Integer> zeroClusters = Set.of();

  String last() {
    return last;
  }

  /** One operation; the model is changed as the store should be. */
  void step(OpenStore store, Model model) throws BlobstoreException {
    goingToBeZero = null;
    try {
      operation(store, model);
    } catch (BlobstoreException e) {
      if (!FULL.contains(e.kind())) throw e;
      last += ", refused: " + e.kind();
    }
  }

  private void operation(OpenStore store, Model model) throws BlobstoreException {
    var ids = new ArrayList<>(model.blobs.keySet());
    if (ids.isEmpty()) {
      create(store, model);
      return;
    }
    var id = ids.get(random.nextInt(ids.size()));
    var blob = model.blob(id);
    boolean writable = !blob.readOnly && !model.hasChildren(id);
    boolean roomy = ids.size() < MOST_BLOBS;
    int choice = random.nextInt(100);
    if (choice < 8 && roomy) create(store, model);
    else if (choice < 42 && writable && blob.clusters > 0) write(store, model, id);
    else if (choice < 50 && writable && blob.clusters > 0) unmap(store, model, id);
    else if (choice < 60 && writable && roomy) snapshot(store, model, id);
    else if (choice < 67 && blob.readOnly && roomy) cloneOf(store, model, id);
    else if (choice < 80 && model.children(id) <= 1) delete(store, model, id);
    else if (choice < 88 && writable) resize(store, model, id);
    else if (choice < 94) attributes(store, model, id);
    else if (choice < 97 && blob.parent != null) decouple(store, model, id);
    else if (choice < 99 && writable && blob.clusters < 40) inflate(store, model, id);
    else last = "nothing";
  }

  private Map<String, String> newXattrs() {
    var xattrs = new TreeMap<String, String>();
    xattrs.put("name", "blob-" + stamp++);
    int more = random.nextInt(3);
    for (int i = 0; i < more; i++) {
      int bytes = random.nextInt(12) == 0 ? 3900 : random.nextInt(300);
      xattrs.put("attribute-" + i, "x".repeat(bytes));
    }
    return xattrs;
  }

  private static Map<String, byte[]> bytes(Map<String, String> xattrs) {
    var values = new LinkedHashMap<String, byte[]>();
    xattrs.forEach((name, value) -> values.put(name, value.getBytes(UTF_8)));
    return values;
  }

  private void create(OpenStore store, Model model) throws BlobstoreException {
    boolean thin = random.nextInt(3) != 0;
    int clusters = thin && random.nextInt(4) == 0 ? 500 + random.nextInt(800) : random.nextInt(9);
    var xattrs = newXattrs();
    var method = ClearMethod.ofNumber(random.nextInt(4));
    var form = random.nextInt(4) == 0 ? MapForm.RUNS : MapForm.TABLE;
    last = "create %s %d clusters, %s".formatted(thin ? "thin" : "thick", clusters, form);
    var id = Creation.create(store, new BlobSpec(clusters, thin, form, method, bytes(xattrs)));
    var blob = new ModelBlob();
    blob.clusters = clusters;
    blob.thick = !thin;
    blob.xattrs.putAll(xattrs);
    if (!thin) for (int i = 0; i < clusters; i++) blob.unknown.add(i);
    model.blobs.put(id, blob);
    last += " as " + id;
  }

  /** As a channel does: clusters first, then the data, which is acknowledged when it is durable. */
  private void write(OpenStore store, Model model, BlobId id) throws BlobstoreException {
    var expected = model.blob(id);
    var blob = store.blob(id);
    int cluster = random.nextInt(expected.clusters);
    if (expected.clusters > 20 && random.nextInt(3) != 0) cluster = random.nextInt(4) * 200;
    cluster = Math.min(cluster, expected.clusters - 1);
    long page = (long) cluster * pagesPerCluster + random.nextInt(pagesPerCluster);
    last = "write %s page %d of cluster %d".formatted(id, page, cluster);
    if (blob.map().get(cluster) == 0) {
      Allocation.checkWritable(store, blob);
      var allocation = new Allocation(store);
      allocation.add(blob, cluster);
      if (cluster + 1 < expected.clusters && random.nextBoolean()) {
        try {
          allocation.add(blob, cluster + 1);
        } catch (BlobstoreException e) {
          if (!FULL.contains(e.kind())) throw e;
        }
      }
      allocation.commit();
    }
    long at = (long) blob.map().get(cluster) * pagesPerCluster + page % pagesPerCluster;
    var content = new byte[Page.BYTES];
    ByteBuffer.wrap(content).putLong(++stamp).putLong(4088, stamp);
    store.disk().write(at, content);
    store.disk().flush();
    expected.stamps.put(page, stamp);
  }

  /** As a channel does with whole clusters: what no ancestor has goes, the rest stays as it is. */
  private void unmap(OpenStore store, Model model, BlobId id) throws BlobstoreException {
    var expected = model.blob(id);
    int count = random.nextInt(3) == 0 ? expected.clusters : 1 + random.nextInt(3);
    int first = random.nextInt(expected.clusters);
    if (random.nextInt(3) == 0) first = 0;
    count = Math.min(count, expected.clusters - first);
    last = "unmap %s clusters %d to %d".formatted(id, first, first + count - 1);
    var view = store.blob(id).view();
    var goes = new TreeSet<Integer>();
    for (int cluster = first; cluster < first + count; cluster++) {
      boolean owned = view.map().get(cluster) != 0;
      if (owned && view.thin() && view.findBelow(cluster) == 0) goes.add(cluster);
    }
    int before = store.freeClusters();
    var release = new Release(store);
    release.add(store.blob(id), first, count);
    goingToBeZero = id;
    zeroClusters = goes;
    release.commit();
    boolean full = store.space().freePages() == 0;
    if (full && store.freeClusters() == before) return;
    if (store.freeClusters() != before + goes.size()) {
      throw new AssertionError(
          "%s gave back %d of %d clusters"
              .formatted(last, store.freeClusters() - before, goes.size()));
    }
    OpenStores.clear(store);
    expected.zero(goes, pagesPerCluster);
  }

  /** Before the last operation has happened as a whole, its blob may already have zeroes here. */
  void allowHalf(Model before) {
    var id = goingToBeZero;
    if (id != null) before.blob(id).maybeZero.addAll(zeroClusters);
  }

  private void snapshot(OpenStore store, Model model, BlobId id) throws BlobstoreException {
    var xattrs = newXattrs();
    last = "snapshot " + id;
    var snapshot = Snapshots.create(store, id, bytes(xattrs));
    model.snapshot(id, snapshot, xattrs);
    last += " as " + snapshot;
  }

  private void cloneOf(OpenStore store, Model model, BlobId id) throws BlobstoreException {
    var xattrs = newXattrs();
    last = "clone " + id;
    var clone = Creation.cloneOf(store, id, bytes(xattrs));
    model.cloneOf(id, clone, xattrs);
    last += " as " + clone;
  }

  private void delete(OpenStore store, Model model, BlobId id) throws BlobstoreException {
    last = "delete %s with %d children".formatted(id, model.children(id));
    Deletion.delete(store, id);
    OpenStores.clear(store);
    model.delete(id);
  }

  private void resize(OpenStore store, Model model, BlobId id) throws BlobstoreException {
    var blob = model.blob(id);
    int most = blob.thick ? 12 : blob.clusters > 100 ? 1600 : 24;
    int clusters = random.nextInt(most);
    last = "resize %s from %d to %d".formatted(id, blob.clusters, clusters);
    Resize.run(store, id, clusters);
    OpenStores.clear(store);
    model.resize(id, clusters);
  }

  private void attributes(OpenStore store, Model model, BlobId id) throws BlobstoreException {
    Map<String, Optional<byte[]>> changes = new LinkedHashMap<>();
    var after = new TreeMap<>(model.blob(id).xattrs);
    List<String> names = List.of("attribute-0", "attribute-1", "attribute-5", "attribute-6");
    for (String name : names) {
      if (random.nextInt(3) == 0) {
        changes.put(name, Optional.empty());
        after.remove(name);
      } else if (random.nextInt(2) == 0) {
        String value = "y".repeat(random.nextInt(1500));
        changes.put(name, Optional.of(value.getBytes(UTF_8)));
        after.put(name, value);
      }
    }
    last = "attributes of " + id;
    Attributes.change(store, id, changes);
    model.blob(id).xattrs.clear();
    model.blob(id).xattrs.putAll(after);
  }

  private void decouple(OpenStore store, Model model, BlobId id) throws BlobstoreException {
    last = "decouple " + id;
    Detachment.decouple(store, id);
    var parent = model.blob(id).parent;
    if (parent != null) model.blob(id).parent = model.blob(parent).parent;
  }

  private void inflate(OpenStore store, Model model, BlobId id) throws BlobstoreException {
    last = "inflate " + id;
    Detachment.inflate(store, id);
    model.blob(id).parent = null;
    model.blob(id).thick = true;
  }
}
