package io.tenon.blobstore.itest;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.MapForm;
import java.util.Arrays;

/** An unmap of whole clusters and parts of some: the whole ones are given back where nothing else shows then. */
final class UnmapOperation implements Operation {
  private final long id;
  private final long first;
  private final int blockBytes;
  private final int clusterBytes;
  private final byte[] zeroes;

  UnmapOperation(long id, long first, int blockBytes, int clusterBytes, byte[] zeroes) {
    this.id = id;
    this.first = first;
    this.blockBytes = blockBytes;
    this.clusterBytes = clusterBytes;
    this.zeroes = zeroes;
  }

  @Override
  public String text() {
    return "unmap %s, %d bytes at %d".formatted(Bytes.hex(id), zeroes.length, first * blockBytes);
  }

  @Override
  public Outcome run(LiveStore live) throws BlobstoreException {
    return new Outcome(live.volume(id).unmap(first, zeroes.length / blockBytes), 0);
  }

  /** Of a thin volume without a parent, whole clusters are zeroes; a map of runs may need a page that is not there. */
  @Override
  public void apply(Model model, long made) {
    half(model);
    var blob = model.blob(id);
    if (!blob.thin || blob.parent != 0 || blob.form == MapForm.RUNS) return;
    long begin = first * blockBytes;
    long end = begin + zeroes.length;
    long from = Math.ceilDiv(begin, (long) clusterBytes) * clusterBytes;
    long to = end / clusterBytes * clusterBytes;
    if (from >= to) return;
    var whole = Arrays.copyOf(zeroes, (int) (to - from));
    blob.written(from, whole)
        .forEach(
            (page, content) -> {
              blob.put(page, content);
              blob.possible.remove(page);
            });
    blob.unknown.clear((int) (from / clusterBytes), (int) (to / clusterBytes));
  }

  @Override
  public void half(Model model) {
    var blob = model.blob(id);
    blob.possible.putAll(blob.written(first * blockBytes, zeroes));
  }
}
