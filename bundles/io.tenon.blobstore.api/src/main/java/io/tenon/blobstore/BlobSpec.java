package io.tenon.blobstore;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A blob to be made.
 *
 * @param clusters its size; 0 or more
 * @param thin clusters are given to it with its first writes; else now, with whatever was in them before
 * @param clearMethod for clusters that it gives back
 * @param xattrs in the order in which they are written
 */
public record BlobSpec(
    long clusters,
    boolean thin,
    MapForm form,
    ClearMethod clearMethod,
    Map<String, byte[]> xattrs) {
  public BlobSpec {
    xattrs = Collections.unmodifiableMap(new LinkedHashMap<>(xattrs));
  }

  /** A thin one with a table, without attributes. */
  public static BlobSpec thin(long clusters) {
    return new BlobSpec(clusters, true, MapForm.TABLE, ClearMethod.DEFAULT, Map.of());
  }

  /** A thick one with a table, without attributes. */
  public static BlobSpec thick(long clusters) {
    return new BlobSpec(clusters, false, MapForm.TABLE, ClearMethod.DEFAULT, Map.of());
  }

  public BlobSpec withClearMethod(ClearMethod method) {
    return new BlobSpec(clusters, thin, form, method, xattrs);
  }

  public BlobSpec withForm(MapForm other) {
    return new BlobSpec(clusters, thin, other, clearMethod, xattrs);
  }

  public BlobSpec withXattrs(Map<String, byte[]> others) {
    return new BlobSpec(clusters, thin, form, clearMethod, others);
  }
}
