package io.tenon.blobstore;

import java.util.List;

/**
 * Something on a disk that is not as it should be, found by looking alone. Sentences name blobs by way of {@link Names}, since only the
 * store's owner knows how people call them.
 */
public sealed interface Finding permits StoreFinding, MaskFinding, BlobFinding {
  /** How bad it is. */
  enum Severity {
    /** A load puts it in order by itself, and nothing is lost. */
    NOTICE,
    /** All data can be read, and something else is wrong. */
    WARNING,
    /** Data cannot be given back as it is. */
    DAMAGE
  }

  /** How people call a blob. */
  @FunctionalInterface
  interface Names {
    String of(BlobId blob);
  }

  /**
   * Where it is.
   *
   * @param diskPages pages of 4096 bytes from the beginning of the device
   * @param clusters of the device
   * @param blobs that are concerned
   */
  record Place(List<Span> diskPages, List<Span> clusters, List<BlobId> blobs) {
    public Place {
      diskPages = List.copyOf(diskPages);
      clusters = List.copyOf(clusters);
      blobs = List.copyOf(blobs);
    }

    static Place ofBlobs(BlobId... blobs) {
      return new Place(List.of(), List.of(), List.of(blobs));
    }

    static Place ofPages(List<Span> diskPages) {
      return new Place(diskPages, List.of(), List.of());
    }
  }

  Severity severity();

  Place place();

  /** What is wrong; a sentence. */
  String what(Names names);

  /** What that means to data; a sentence. */
  String meaning(Names names);

  Remedy remedy(Names names);
}
