package io.tenon.blobstore.internal.layout;

import io.tenon.blobstore.ClearMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The three words of a blob's flags, Format §6.
 *
 * @param invalid an unknown bit: the blob must not be opened
 * @param dataReadOnly an unknown bit: neither data nor metadata may be changed
 * @param metadataReadOnly an unknown bit: metadata may not be changed
 */
public record Flags(long invalid, long dataReadOnly, long metadataReadOnly) {
  public static final Flags NONE = new Flags(0, 0, 0);

  static final long THIN = 1;
  static final long INTERNAL_XATTRS = 2;
  static final long EXTENT_TABLE = 4;
  static final long EXTERNAL_SNAPSHOT = 8;
  static final long READ_ONLY = 1;
  static final long CLEAR_METHOD = 3;

  private static final long KNOWN_INVALID = THIN | INTERNAL_XATTRS | EXTENT_TABLE;

  public boolean isThin() {
    return (invalid & THIN) != 0;
  }

  public boolean isReadOnly() {
    return (dataReadOnly & READ_ONLY) != 0;
  }

  public boolean hasExtentTable() {
    return (invalid & EXTENT_TABLE) != 0;
  }

  public ClearMethod clearMethod() {
    return ClearMethod.ofNumber((int) (metadataReadOnly & CLEAR_METHOD));
  }

  public Flags withThin(boolean thin) {
    return new Flags(with(invalid, THIN, thin), dataReadOnly, metadataReadOnly);
  }

  public Flags withExtentTable(boolean table) {
    return new Flags(with(invalid, EXTENT_TABLE, table), dataReadOnly, metadataReadOnly);
  }

  public Flags withInternalXattrs(boolean some) {
    return new Flags(with(invalid, INTERNAL_XATTRS, some), dataReadOnly, metadataReadOnly);
  }

  public Flags withReadOnly(boolean readOnly) {
    return new Flags(invalid, with(dataReadOnly, READ_ONLY, readOnly), metadataReadOnly);
  }

  /** Adds the bits of {@code method}: what a snapshot takes over from its origin. */
  public Flags withClearMethod(ClearMethod method) {
    return new Flags(invalid, dataReadOnly, metadataReadOnly | method.number());
  }

  private static long with(long word, long bit, boolean set) {
    return set ? word | bit : word & ~bit;
  }

  /** Why such a blob must not be opened, by name. */
  public Optional<String> refusal() {
    if ((invalid & EXTERNAL_SNAPSHOT) != 0) {
      return Optional.of("flag \"clone of an external snapshot\" (0x8 of the invalid flags)");
    }
    return unknown("invalid flags", invalid, KNOWN_INVALID);
  }

  /** Why neither data nor metadata may be changed. */
  public Optional<String> dataRestriction() {
    return unknown("read-only flags of data", dataReadOnly, READ_ONLY);
  }

  /** Why metadata may not be changed. */
  public Optional<String> metadataRestriction() {
    return unknown("read-only flags of metadata", metadataReadOnly, CLEAR_METHOD);
  }

  private static Optional<String> unknown(String word, long value, long known) {
    long rest = value & ~known;
    if (rest == 0) return Optional.empty();
    List<String> bits = new ArrayList<>();
    for (long left = rest; left != 0; left &= left - 1) {
      bits.add("0x" + Long.toHexString(Long.lowestOneBit(left)));
    }
    return Optional.of("unknown " + String.join(", ", bits) + " of the " + word);
  }
}
