package io.tenon.blobstore;

/** How a blob's cluster map is kept on the disk. A blob keeps its form, and its snapshots and clones inherit it. */
public enum MapForm {
  /** A list of runs in the blob's own pages; old blobs. */
  RUNS,
  /** A table of extent pages with 512 clusters each; all that is made today. */
  TABLE
}
