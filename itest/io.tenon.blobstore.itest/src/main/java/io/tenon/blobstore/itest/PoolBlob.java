package io.tenon.blobstore.itest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A blob as it was found on the disk. Filled by {@link BlobParser}, put right by {@link PoolDiskReader}. */
public final class PoolBlob {
  static final long THIN = 1;
  static final long HAS_INTERNAL = 2;
  static final long HAS_TABLE = 4;
  static final long EXTERNAL_PARENT = 8;
  static final String PARENT = "SNAP";
  static final String BEING_MADE = "SNAPTMP";
  static final String BEING_REMOVED = "SNAPRM";

  final long id;

  /** The root page and those chained to it. */
  final List<Long> pages = new ArrayList<>();

  long invalidFlags;
  long dataReadOnlyFlags;
  long mdReadOnlyFlags;
  final Map<String, byte[]> xattrs = new LinkedHashMap<>();
  final Map<String, byte[]> internalXattrs = new LinkedHashMap<>();
  boolean hasTable;

  /** Of extent pages, one per slot; 0 for none. */
  final List<Long> slots = new ArrayList<>();

  /** Absolute cluster numbers; 0 for none. */
  public long[] map = {};

  public boolean readOnly;

  /** Id of the parent; 0 for none. */
  public long parent;

  PoolBlob(long id) {
    this.id = id;
  }

  boolean isThin() {
    return (invalidFlags & THIN) != 0;
  }

  int clearMethod() {
    return (int) (mdReadOnlyFlags & 3);
  }

  public long allocated() {
    long count = 0;
    for (long cluster : map) if (cluster != 0) count++;
    return count;
  }

  /** Text of an attribute without zeroes at its end; empty when it is missing. */
  public String text(String xattr) {
    return Bytes.text(xattrs.getOrDefault(xattr, new byte[0]));
  }

  @Override
  public String toString() {
    return "Blob " + Bytes.hex(id);
  }
}
