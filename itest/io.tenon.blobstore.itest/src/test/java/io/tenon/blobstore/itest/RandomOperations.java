package io.tenon.blobstore.itest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.MapForm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;

/** Chooses what to do next, so that it is possible in the model. */
final class RandomOperations {
  private static final int MOST_BLOBS = 11;
  private static final int MOST_BIG = 1400;

  private final SplittableRandom random;
  private final int blockBytes;
  private final long clusterBytes;
  private final int mostClusters;
  private int names;

  /**
   * @param mostClusters of a blob that is not one of the few big ones
   */
  RandomOperations(SplittableRandom random, int blockBytes, long clusterBytes, int mostClusters) {
    this.random = random;
    this.blockBytes = blockBytes;
    this.clusterBytes = clusterBytes;
    this.mostClusters = mostClusters;
  }

  Operation next(Model model, long superBlob) {
    while (true) {
      var ids = new ArrayList<>(model.blobs.keySet());
      ids.remove(superBlob);
      int choice = random.nextInt(100);
      boolean roomy = ids.size() < MOST_BLOBS;
      if (ids.isEmpty() || (choice < 10 && roomy)) return create();
      long id = ids.get(random.nextInt(ids.size()));
      var blob = model.blob(id);
      boolean writable = !blob.readOnly;
      if (choice < 38 && writable && blob.clusters > 0) return write(blob, id);
      if (choice >= 38 && choice < 45 && writable && blob.clusters > 0) return unmap(blob, id);
      if (choice >= 45 && choice < 56 && writable && roomy) return snapshot(id);
      if (choice >= 56 && choice < 63 && blob.readOnly && roomy) return cloneOf(id);
      if (choice >= 63 && choice < 75 && model.children(id) <= 1) return delete(id);
      if (choice >= 75 && choice < 84 && writable) return resize(blob, id);
      if (choice >= 84 && choice < 92) return attributes(blob, id);
      if (choice >= 92 && choice < 96 && blob.parent != 0) return decouple(id);
      if (choice >= 96 && writable && blob.clusters <= mostClusters) return inflate(id);
    }
  }

  /** The calls of the API. */
  private interface Call {
    BlobId run(Blobstore store) throws BlobstoreException;
  }

  private record Change(String text, boolean makesBlob, long closes, Call call, Effect effect)
      implements Operation {
    @Override
    public Outcome run(LiveStore live) throws BlobstoreException {
      if (closes != 0) live.close(closes);
      var made = call.run(live.store());
      return made == null ? Outcome.DONE : new Outcome(Outcome.DONE.status(), made.value());
    }

    @Override
    public void apply(Model model, long made) {
      effect.apply(model, made);
    }
  }

  private interface Effect {
    void apply(Model model, long made);
  }

  private static Operation change(String text, long closes, Step step, Consumer<Model> effect) {
    return new Change(
        text,
        false,
        closes,
        store -> {
          step.run(store);
          return null;
        },
        (model, _) -> effect.accept(model));
  }

  private interface Step {
    void run(Blobstore store) throws BlobstoreException;
  }

  /** As io-engine has them: a name of 64 bytes, a uuid, and sometimes more. */
  private Map<String, byte[]> lvolXattrs() {
    var xattrs = new LinkedHashMap<String, byte[]>();
    xattrs.put("name", Arrays.copyOf(("lvol-" + ++names).getBytes(ISO_8859_1), 64));
    xattrs.put("uuid", uuid());
    int more = random.nextInt(3);
    for (int i = 0; i < more; i++) {
      xattrs.put("more-" + i, value(random.nextInt(10) == 0 ? 3990 : random.nextInt(400)));
    }
    return xattrs;
  }

  byte[] uuid() {
    String text = new UUID(random.nextLong(), random.nextLong()) + "\0";
    return text.getBytes(ISO_8859_1);
  }

  private byte[] value(int bytes) {
    var value = new byte[bytes];
    random.nextBytes(value);
    return value;
  }

  private Operation create() {
    boolean thin = random.nextInt(4) != 0;
    boolean big = thin && random.nextInt(6) == 0;
    int clusters = big ? 500 + random.nextInt(800) : random.nextInt(mostClusters / 2);
    var form = random.nextInt(5) == 0 ? MapForm.RUNS : MapForm.TABLE;
    var method = ClearMethod.ofNumber(random.nextInt(4));
    var xattrs = lvolXattrs();
    var spec = new BlobSpec(clusters, thin, form, method, xattrs);
    return new Change(
        "create %s, %d clusters, %s, %s".formatted(thin ? "thin" : "thick", clusters, form, method),
        true,
        0,
        store -> store.create(spec),
        (model, made) -> {
          var blob = new ModelBlob();
          blob.clusters = clusters;
          blob.thin = thin;
          blob.form = form;
          blob.clearMethod = method;
          blob.xattrs.putAll(xattrs);
          if (!thin) blob.unknown.set(0, clusters);
          model.blobs.put(made, blob);
        });
  }

  private Operation write(ModelBlob blob, long id) {
    long clusterBlocks = clusterBytes / blockBytes;
    int cluster = random.nextInt(blob.clusters);
    if (blob.clusters > mostClusters && random.nextInt(3) != 0) {
      cluster = Math.min(random.nextInt(4) * 512 + random.nextInt(3), blob.clusters - 1);
    }
    long lba = cluster * clusterBlocks + random.nextLong(clusterBlocks);
    long most = Math.min(blob.clusters * clusterBlocks - lba, (1 << 20) / blockBytes);
    long length = random.nextInt(3) == 0 ? 2 * clusterBlocks : 16L * 4096 / blockBytes;
    int blocks = 1 + random.nextInt((int) Math.min(most, length));
    int kind = random.nextInt(8);
    var data = new byte[blocks * blockBytes];
    if (kind > 1) random.nextBytes(data);
    return new WriteOperation(id, lba, blockBytes, data, kind == 0, kind == 1);
  }

  /** Some clusters or all of them, and now and then a bit more or less at the ends. */
  private Operation unmap(ModelBlob blob, long id) {
    long clusterBlocks = clusterBytes / blockBytes;
    int most = (int) Math.min(blob.clusters, (8 << 20) / clusterBytes);
    int count = random.nextInt(3) == 0 ? most : 1 + random.nextInt(Math.min(most, 4));
    long first = random.nextInt(blob.clusters - count + 1) * clusterBlocks;
    long end = first + count * clusterBlocks;
    if (random.nextInt(3) == 0) first += random.nextLong(clusterBlocks);
    if (random.nextInt(3) == 0) end -= random.nextLong(clusterBlocks);
    if (end <= first) end = first + 1;
    var data = new byte[(int) (end - first) * blockBytes];
    return new UnmapOperation(id, first, blockBytes, (int) clusterBytes, data);
  }

  private Operation snapshot(long id) {
    var xattrs = lvolXattrs();
    return new Change(
        "snapshot of " + Bytes.hex(id),
        true,
        0,
        store -> store.snapshot(new BlobId(id), xattrs),
        (model, made) -> model.snapshot(id, made, xattrs));
  }

  private Operation cloneOf(long id) {
    var xattrs = lvolXattrs();
    return new Change(
        "clone of " + Bytes.hex(id),
        true,
        0,
        store -> store.cloneOf(new BlobId(id), xattrs),
        (model, made) -> model.cloneOf(id, made, xattrs));
  }

  private Operation delete(long id) {
    return change(
        "delete " + Bytes.hex(id),
        id,
        store -> store.delete(new BlobId(id)),
        model -> model.delete(id));
  }

  private Operation resize(ModelBlob blob, long id) {
    boolean big = blob.clusters > mostClusters;
    int clusters = random.nextInt(big && blob.thin ? MOST_BIG : mostClusters);
    return change(
        "resize %s from %d to %d".formatted(Bytes.hex(id), blob.clusters, clusters),
        0,
        store -> store.resize(new BlobId(id), clusters),
        model -> model.resize(id, clusters));
  }

  private Operation attributes(ModelBlob blob, long id) {
    var changes = new LinkedHashMap<String, Optional<byte[]>>();
    for (String name : List.of("more-0", "more-1", "more-2", "more-3")) {
      int choice = random.nextInt(4);
      if (choice == 0 && blob.xattrs.containsKey(name)) changes.put(name, Optional.empty());
      if (choice == 1) changes.put(name, Optional.of(value(random.nextInt(1800))));
    }
    return change(
        "attributes of " + Bytes.hex(id),
        0,
        store -> store.xattrs(new BlobId(id), changes),
        model ->
            changes.forEach(
                (name, value) -> {
                  var xattrs = model.blob(id).xattrs;
                  if (value.isPresent()) xattrs.put(name, value.get());
                  else xattrs.remove(name);
                }));
  }

  private Operation decouple(long id) {
    return change(
        "decouple " + Bytes.hex(id),
        0,
        store -> store.decouple(new BlobId(id)),
        model -> {
          var blob = model.blob(id);
          blob.parent = model.blob(blob.parent).parent;
        });
  }

  private Operation inflate(long id) {
    return change(
        "inflate " + Bytes.hex(id),
        0,
        store -> store.inflate(new BlobId(id)),
        model -> {
          model.blob(id).parent = 0;
          model.blob(id).thin = false;
        });
  }
}
