package io.tenon.blobstore.internal.layout;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.MapForm;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a blob's root page and chain say, without the content of extent pages. Attributes keep their order: those of a blob are written
 * in the order of their first coming. Their names are taken byte by byte (ISO 8859-1), so that any name survives.
 */
public final class BlobImage {
  /** Parent of a thin blob, Format §7. */
  public static final String SNAP = "SNAP";

  /** On a snapshot that is being made: its origin. */
  public static final String SNAPTMP = "SNAPTMP";

  /** On a snapshot that is being deleted: its only child. */
  public static final String SNAPRM = "SNAPRM";

  private final BlobId id;
  private final Map<String, byte[]> xattrs = new LinkedHashMap<>();
  private final Map<String, byte[]> internalXattrs = new LinkedHashMap<>();
  private Flags flags = Flags.NONE;
  private MapForm form = MapForm.RUNS;

  /** Of the chain behind the root. */
  private int[] chainPages = {};

  /** Extent page of each slot, or 0; empty in the form of runs. */
  private int[] extentPages = {};

  public BlobImage(BlobId id) {
    this.id = id;
  }

  public BlobId id() {
    return id;
  }

  public Flags flags() {
    return flags;
  }

  public void flags(Flags now) {
    flags = now;
  }

  public MapForm form() {
    return form;
  }

  public void form(MapForm now) {
    form = now;
  }

  public int[] chainPages() {
    return chainPages;
  }

  public void chainPages(int[] now) {
    chainPages = now;
  }

  public int[] extentPages() {
    return extentPages;
  }

  public void extentPages(int[] now) {
    extentPages = now;
  }

  public Map<String, byte[]> xattrs() {
    return xattrs;
  }

  public Map<String, byte[]> internalXattrs() {
    return internalXattrs;
  }

  /** The blob that an internal attribute names. */
  public Optional<BlobId> link(String name) {
    byte[] value = internalXattrs.get(name);
    if (value == null || value.length != Long.BYTES) return Optional.empty();
    long linked = LittleEndian.getLong(value, 0);
    return BlobId.isValid(linked) ? Optional.of(new BlobId(linked)) : Optional.empty();
  }

  public void link(String name, BlobId to) {
    var value = new byte[Long.BYTES];
    LittleEndian.putLong(value, 0, to.value());
    internalXattrs.put(name, value);
    flags = flags.withInternalXattrs(true);
  }

  public void unlink(String name) {
    internalXattrs.remove(name);
    flags = flags.withInternalXattrs(!internalXattrs.isEmpty());
  }

  /** The parent, which only a thin blob has. */
  public Optional<BlobId> parent() {
    return flags.isThin() ? link(SNAP) : Optional.empty();
  }

  /** For a change that is tried on a copy first. */
  public BlobImage copy() {
    var copy = new BlobImage(id);
    copy.flags = flags;
    copy.form = form;
    copy.chainPages = chainPages.clone();
    copy.extentPages = extentPages.clone();
    copy.xattrs.putAll(xattrs);
    copy.internalXattrs.putAll(internalXattrs);
    return copy;
  }
}
