package io.tenon.blobstore;

import io.tenon.blobstore.Remedy.ByLoad;
import io.tenon.blobstore.Remedy.ByRepair;
import io.tenon.blobstore.Remedy.GiveUp;
import java.util.List;

/** The masks of a cleanly closed store do not say what is used. */
public sealed interface MaskFinding extends Finding {
  @Override
  default Severity severity() {
    return Severity.WARNING;
  }

  /** A mask makes no sense. */
  record Unusable(String why) implements MaskFinding {
    @Override
    public Place place() {
      return Place.ofPages(List.of());
    }

    @Override
    public String what(Names names) {
      return why;
    }

    @Override
    public String meaning(Names names) {
      return "Nothing is lost by that; but Mayastor would not load this disk.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new ByLoad("Every metadata page is looked at, and the masks are made anew.");
    }
  }

  /** Clusters that are marked as used and that nobody has. */
  record ClustersLost(List<Span> clusters) implements MaskFinding {
    public ClustersLost {
      clusters = List.copyOf(clusters);
    }

    @Override
    public Place place() {
      return new Place(List.of(), clusters, List.of());
    }

    @Override
    public String what(Names names) {
      return "%d clusters are marked as used and belong to nobody: %s."
          .formatted(Span.count(clusters), Span.text(clusters));
    }

    @Override
    public String meaning(Names names) {
      return "The space is missing in the pool; no data is concerned.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new ByRepair("They are free again.");
    }
  }

  /** Clusters that a blob has and that are marked as free. */
  record ClustersNotMarked(BlobId blob, List<Span> clusters) implements MaskFinding {
    public ClustersNotMarked {
      clusters = List.copyOf(clusters);
    }

    @Override
    public Place place() {
      return new Place(List.of(), clusters, List.of(blob));
    }

    @Override
    public String what(Names names) {
      return "%d clusters of %s are marked as free: %s."
          .formatted(Span.count(clusters), names.of(blob), Span.text(clusters));
    }

    @Override
    public String meaning(Names names) {
      return "It can be read; but Mayastor would leave it out, with all that comes from it.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new ByRepair("They are marked as used.");
    }
  }

  /** Metadata pages whose mark is wrong. */
  record PagesWrong(List<Span> lost, List<Span> notMarked) implements MaskFinding {
    public PagesWrong {
      lost = List.copyOf(lost);
      notMarked = List.copyOf(notMarked);
    }

    @Override
    public Place place() {
      return Place.ofPages(lost.isEmpty() ? notMarked : lost);
    }

    @Override
    public String what(Names names) {
      return "The mask of metadata pages is wrong: %d are marked as used and are not, %d are used and not marked."
          .formatted(Span.count(lost), Span.count(notMarked));
    }

    @Override
    public String meaning(Names names) {
      return notMarked.isEmpty()
          ? "There is less room for replicas and snapshots; no data is concerned."
          : "Mayastor would write over pages that are needed.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new ByRepair("The mask is made anew.");
    }
  }

  /** Something stands behind a mask's bits. */
  record BehindTheBits(List<Span> diskPages) implements MaskFinding {
    public BehindTheBits {
      diskPages = List.copyOf(diskPages);
    }

    @Override
    public Place place() {
      return Place.ofPages(diskPages);
    }

    @Override
    public String what(Names names) {
      return "Something stands behind the end of a mask, on disk pages %s."
          .formatted(Span.text(diskPages));
    }

    @Override
    public String meaning(Names names) {
      return "Nobody reads it; but somebody wrote where only zeroes should be.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new ByRepair("The mask is made anew.");
    }
  }

  /**
   * A page that begins a blob, and the masks do not know it.
   *
   * @param sound nothing of it belongs to others, and it can be opened
   */
  record BlobNotMarked(BlobId blob, boolean sound) implements MaskFinding {
    @Override
    public Place place() {
      return Place.ofBlobs(blob);
    }

    @Override
    public String what(Names names) {
      return "Metadata page %d begins a blob, %s, that the masks do not know."
          .formatted(blob.rootPage(), names.of(blob));
    }

    @Override
    public String meaning(Names names) {
      return sound
          ? "It is not shown, and its space may be given to others; all that it has is still its own."
          : "It is not shown; after the next unclean end it comes back, with space that others have by now, or without what it needs.";
    }

    @Override
    public Remedy remedy(Names names) {
      if (sound) return new ByRepair("It is marked, and there again.");
      return new GiveUp(
          blob,
          "Its root page is erased.",
          "%s, of which others have a part already, or which cannot be opened."
              .formatted(names.of(blob)));
    }
  }
}
