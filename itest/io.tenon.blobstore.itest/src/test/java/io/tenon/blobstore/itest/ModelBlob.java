package io.tenon.blobstore.itest;

import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.MapForm;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** What a blob must be like, with content of its own where a store shares. */
final class ModelBlob {
  int clusters;
  boolean thin;
  boolean readOnly;
  long parent;
  MapForm form = MapForm.TABLE;
  ClearMethod clearMethod = ClearMethod.DEFAULT;
  final Map<String, byte[]> xattrs = new LinkedHashMap<>();

  /** Pages of 4096 bytes that are not zero. Arrays are shared by copies and never changed. */
  final TreeMap<Long, byte[]> pages = new TreeMap<>();

  /** Clusters that may hold anything: they were given out as they were. */
  final BitSet unknown = new BitSet();

  /** Pages that a write did not finish: each sector is as in {@link #pages} or as here. */
  final TreeMap<Long, byte[]> possible = new TreeMap<>();

  ModelBlob copy() {
    var copy = new ModelBlob();
    copy.clusters = clusters;
    copy.thin = thin;
    copy.readOnly = readOnly;
    copy.parent = parent;
    copy.form = form;
    copy.clearMethod = clearMethod;
    copy.xattrs.putAll(xattrs);
    copy.pages.putAll(pages);
    copy.unknown.or(unknown);
    copy.possible.putAll(possible);
    return copy;
  }

  byte[] page(long number) {
    return pages.getOrDefault(number, ZEROES);
  }

  private static final byte[] ZEROES = new byte[DiskImage.PAGE];

  void put(long page, byte[] content) {
    if (Arrays.equals(content, ZEROES)) pages.remove(page);
    else pages.put(page, content);
  }

  /** What the pages are once {@code data} is written at byte {@code offset}. */
  Map<Long, byte[]> written(long offset, byte[] data) {
    var after = new TreeMap<Long, byte[]>();
    int done = 0;
    while (done < data.length) {
      long page = (offset + done) / DiskImage.PAGE;
      int in = (int) ((offset + done) % DiskImage.PAGE);
      int count = Math.min(DiskImage.PAGE - in, data.length - done);
      byte[] content = page(page).clone();
      System.arraycopy(data, done, content, in, count);
      after.put(page, content);
      done += count;
    }
    return after;
  }

  @Override
  public String toString() {
    return "%d clusters%s%s, parent %s, %s, %s"
        .formatted(
            clusters,
            thin ? ", thin" : "",
            readOnly ? ", read-only" : "",
            Bytes.hex(parent),
            form,
            clearMethod);
  }
}
