package io.tenon.blobstore.internal.layout;

/** Types of descriptors and their fixed parts, Format §6. */
final class Descriptor {
  /** Type (1 byte) and length of what follows (4 bytes). */
  static final int HEADER_BYTES = 5;

  static final int PADDING = 0;
  static final int EXTENT_RUNS = 1;
  static final int XATTR = 2;
  static final int FLAGS = 3;
  static final int INTERNAL_XATTR = 4;
  static final int EXTENT_TABLE = 5;
  static final int EXTENT_PAGE = 6;

  static final int FLAGS_BYTES = 24;

  /** name_len and value_len before an attribute's name. */
  static final int XATTR_FIXED_BYTES = 4;

  /** num_clusters before the entries of a table. */
  static final int TABLE_FIXED_BYTES = 8;

  /** Entry of a table or of runs: page or cluster, and count. */
  static final int ENTRY_BYTES = 8;

  /** start_cluster before the entries of an extent page. */
  static final int EXTENT_FIXED_BYTES = 4;

  static final int CLUSTER_BYTES = 4;

  private Descriptor() {}
}
