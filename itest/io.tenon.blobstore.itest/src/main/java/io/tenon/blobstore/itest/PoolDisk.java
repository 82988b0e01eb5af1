package io.tenon.blobstore.itest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a disk holds. Filled by {@link PoolDiskReader}. */
public final class PoolDisk implements AutoCloseable {
  final DiskImage image;
  final SuperPage superPage;

  /** By id, as they are once what was interrupted has been ended. */
  public final NavigableMap<Long, PoolBlob> blobs = new TreeMap<>();

  /** Blobs that cannot be opened, and why. */
  final NavigableMap<Long, String> unopened = new TreeMap<>();

  /** Snapshots whose making or removal was interrupted, and which are gone now. */
  final Set<Long> removed = new TreeSet<>();

  /** What those who come to a disk that was not left clean have to expect. */
  final List<String> remarks = new ArrayList<>();

  /** Everything that is not as it should be, in sentences. */
  public final List<String> inconsistencies = new ArrayList<>();

  final BitSet usedPages = new BitSet();
  final BitSet usedClusters = new BitSet();

  PoolDisk(DiskImage image, SuperPage superPage) {
    this.image = image;
    this.superPage = superPage;
  }

  PoolBlob blob(long id) {
    var blob = blobs.get(id);
    if (blob == null) throw new IllegalArgumentException("no blob " + Bytes.hex(id));
    return blob;
  }

  /** By the attribute {@code name}; the blob that carries the pool's own name is none of them. */
  public PoolBlob named(String name) {
    for (Map.Entry<Long, PoolBlob> entry : blobs.entrySet()) {
      if (entry.getKey() == superPage.superBlob()) continue;
      if (entry.getValue().text("name").equals(name)) return entry.getValue();
    }
    throw new IllegalArgumentException("no blob is named " + name);
  }

  /** Where a blob's cluster really is; 0 when it reads as zeroes. Format §10. */
  long find(PoolBlob blob, int cluster) {
    var at = blob;
    while (cluster < at.map.length) {
      if (at.map[cluster] != 0) return at.map[cluster];
      if (at.parent == 0) return 0;
      at = blob(at.parent);
    }
    return 0;
  }

  /** The content of one cluster of the blob, wherever it comes from. */
  public ByteBuffer read(PoolBlob blob, int cluster) throws IOException {
    int bytes = Math.toIntExact(superPage.clusterSize());
    long at = find(blob, cluster);
    return at == 0 ? ByteBuffer.allocate(bytes) : image.read(at * bytes, bytes);
  }

  public long freeClusters() {
    return superPage.totalClusters() - usedClusters.cardinality();
  }

  public long clusterBytes() {
    return superPage.clusterSize();
  }

  public boolean isClean() {
    return superPage.isClean();
  }

  @Override
  public void close() throws IOException {
    image.close();
  }
}
