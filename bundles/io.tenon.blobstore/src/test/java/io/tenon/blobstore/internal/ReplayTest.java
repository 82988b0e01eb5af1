package io.tenon.blobstore.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.MapForm;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The operations that made a sample disk, done again here, give the same disk, byte for byte. */
class ReplayTest {
  private static final int MIB = 1 << 20;
  private static final int KIB = 1 << 10;
  private static final String TIME = "2026-11-20 21:40:07.123456789 UTC";
  private static final String HOSTS =
      "nqn.2019-05.io.openebs:node-name:n1,nqn.2019-05.io.openebs:node-name:n2";

  private final Samples.Disk sample = Samples.named("pool-512-4m.img.gz");
  private final MemoryDisk disk = new MemoryDisk(128L * MIB, 512);
  private OpenStore store = made();

  private OpenStore made() {
    try {
      return Format.run(disk, sample.clusterBytes(), 100, Samples.TYPE);
    } catch (BlobstoreException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] ended(String text) {
    return (text + "\0").getBytes(UTF_8);
  }

  /** The attributes that every lvol begins with. */
  private Map<String, byte[]> named(String name) {
    var xattrs = new LinkedHashMap<String, byte[]>();
    xattrs.put("name", Arrays.copyOf(name.getBytes(UTF_8), 64));
    xattrs.put("uuid", ended(uuid(name)));
    return xattrs;
  }

  private String uuid(String name) {
    return sample.blobs().stream()
        .filter(blob -> blob.name().equals(name))
        .findFirst()
        .map(Samples.Blob::uuid)
        .orElse("c7a1f001-3a4b-4d5e-8f60-7182930a4b5c");
  }

  private BlobId replica(String name, int clusters, boolean thin, String entity)
      throws BlobstoreException {
    var spec = new BlobSpec(clusters, thin, MapForm.TABLE, ClearMethod.NONE, named(name));
    var id = Creation.create(store, spec);
    if (!entity.isEmpty()) set(id, "entity_id", entity + "\0");
    for (int cluster = 0; thin && cluster < Math.min(2, clusters); cluster++) {
      allocate(id, cluster);
    }
    return id;
  }

  private void set(BlobId id, String name, String value) throws BlobstoreException {
    Attributes.change(store, id, Map.of(name, Optional.of(value.getBytes(UTF_8))));
  }

  private void share(BlobId id, String hosts) throws BlobstoreException {
    set(id, "shared", "true\0");
    set(id, "allowed-hosts", hosts + "\0");
  }

  private void allocate(BlobId id, int cluster) throws BlobstoreException {
    var allocation = new Allocation(store);
    allocation.add(store.blob(id), cluster);
    allocation.commit();
  }

  private void write(BlobId id, long offset, int length, long tag) throws BlobstoreException {
    for (long at = offset; at < offset + length; at += 16) {
      int cluster = (int) (at / sample.clusterBytes());
      if (store.blob(id).map().get(cluster) == 0) allocate(id, cluster);
      long where =
          store.blob(id).map().get(cluster) * sample.clusterBytes() + at % sample.clusterBytes();
      byte[] page = disk.page(where / 4096);
      ByteBuffer.wrap(page)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putLong((int) (where % 4096), at / 4096 * 4096)
          .putLong((int) (where % 4096) + 8, tag);
      disk.putPage(where / 4096, page);
    }
  }

  private BlobId snapshot(BlobId of, String name, String tx, String entity, String parent)
      throws BlobstoreException {
    var xattrs = named(name);
    xattrs.put("io-engine.tx_id", tx.getBytes(UTF_8));
    xattrs.put("io-engine.entity_id", entity.getBytes(UTF_8));
    xattrs.put("io-engine.parent_id", uuid(parent).getBytes(UTF_8));
    xattrs.put("io-engine.snapshot_create_time", TIME.getBytes(UTF_8));
    xattrs.put("io-engine.discarded_snapshot", "false".getBytes(UTF_8));
    return Snapshots.create(store, of, xattrs);
  }

  private BlobId cloneOf(BlobId snapshot, String name, String source) throws BlobstoreException {
    var xattrs = named(name);
    xattrs.put("io-engine.source_uuid", uuid(source).getBytes(UTF_8));
    xattrs.put("io-engine.clone_create_time", TIME.getBytes(UTF_8));
    return Creation.cloneOf(store, snapshot, xattrs);
  }

  @Test
  void theOperationsOfASampleGiveItsBytes() throws Exception {
    var pool = new LinkedHashMap<String, byte[]>();
    pool.put("uuid", ended(sample.poolUuid()));
    pool.put("name", ended(sample.poolName()));
    store.superBlob(Creation.create(store, BlobSpec.thick(0).withXattrs(pool)));

    var gone = replica("rep-gone", 2, false, "");
    var thick = replica("rep-thick", 4, false, "vol-thick-0001");
    share(thick, HOSTS);
    write(thick, 0, 64 * KIB, 0x11);
    write(thick, 5 * MIB, 192 * KIB, 0x12);
    write(thick, 16 * MIB - 64 * KIB, 64 * KIB, 0x13);
    var thin = replica("rep-thin", 10, true, "vol-thin-0002");
    Deletion.delete(store, gone);
    share(thin, "");
    write(thin, MIB, 64 * KIB, 0x21);
    write(thin, 17 * MIB + 4096, 128 * KIB, 0x22);
    write(thin, 20 * MIB - 1536, 3072, 0x23);
    var first = snapshot(thin, "snap-1", "tx-1", "vol-thin-0002", "rep-thin");
    write(thin, MIB + 32 * KIB, 64 * KIB, 0x24);
    write(thin, 36 * MIB, 64 * KIB, 0x25);
    snapshot(thin, "snap-2", "tx-2", "vol-thin-0002", "rep-thin");
    write(thin, 17 * MIB, 8 * KIB, 0x26);
    var clone = cloneOf(first, "clone-1", "snap-1");
    write(clone, 18 * MIB, 64 * KIB, 0x31);
    write(clone, 28 * MIB, 12 * KIB, 0x32);
    replica("rep-empty", 3, true, "");
    set(thin, "shared", "false\0");
    var its = snapshot(thick, "snap-thick", tx(), "vol-thick-0001", "rep-thick");
    cloneOf(its, "clone-2", "snap-thick");
    set(its, "io-engine.discarded_snapshot", "true");
    write(thick, 5 * MIB + 4096, 4096, 0x14);
    store.unload();

    var original = sample.open();
    for (long page = 0; page < 128L * MIB / 4096; page++) {
      long at = page;
      assertArrayEquals(original.page(page), disk.page(page), () -> "disk page " + at);
    }
  }

  private String tx() {
    return sample.blobs().stream()
        .filter(blob -> blob.name().equals("snap-thick"))
        .findFirst()
        .orElseThrow()
        .xattrs()
        .getOrDefault("io-engine.tx_id", "");
  }
}
