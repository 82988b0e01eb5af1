package io.tenon.blobstore.itest;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.block.IoStatus;

/** A write, a write of zeroes or an unmap by way of a volume's block device. */
final class WriteOperation implements Operation {
  private final long id;
  private final long lba;
  private final int blockBytes;
  private final byte[] data;
  private final boolean unmaps;
  private final boolean zeroes;

  /**
   * @param data zeroes where it is no write
   */
  WriteOperation(long id, long lba, int blockBytes, byte[] data, boolean unmaps, boolean zeroes) {
    this.id = id;
    this.lba = lba;
    this.blockBytes = blockBytes;
    this.data = data;
    this.unmaps = unmaps;
    this.zeroes = zeroes;
  }

  @Override
  public String text() {
    String what = unmaps ? "unmap" : zeroes ? "write zeroes to" : "write to";
    return "%s %s, %d bytes at %d".formatted(what, Bytes.hex(id), data.length, offset());
  }

  private long offset() {
    return lba * blockBytes;
  }

  @Override
  public Outcome run(LiveStore live) throws BlobstoreException {
    var volume = live.volume(id);
    long blocks = data.length / blockBytes;
    IoStatus status =
        unmaps
            ? volume.unmap(lba, blocks)
            : zeroes ? volume.writeZeroes(lba, blocks) : volume.write(lba, data);
    return new Outcome(status, 0);
  }

  /** What was unmapped may be zeroes or as before, sector by sector. */
  @Override
  public void apply(Model model, long made) {
    if (unmaps) half(model);
    else model.blob(id).written(offset(), data).forEach(model.blob(id)::put);
  }

  @Override
  public void half(Model model) {
    var blob = model.blob(id);
    blob.possible.putAll(blob.written(offset(), data));
  }
}
