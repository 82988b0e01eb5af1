package io.tenon.blobstore;

import io.tenon.blobstore.Remedy.ByLoad;
import io.tenon.blobstore.Remedy.ByRepair;
import io.tenon.blobstore.Remedy.Elsewhere;
import io.tenon.blobstore.Remedy.GiveUp;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Something about a blob. */
public sealed interface BlobFinding extends Finding {
  /** For a blob that something else forbids to change. */
  Remedy NOT_CHANGED =
      new Elsewhere("Nothing is done about that as long as it must not be changed.");

  BlobId blob();

  @Override
  default Place place() {
    return Place.ofBlobs(blob());
  }

  /**
   * A blob cannot be opened.
   *
   * @param clusters of the device that are known to be its
   */
  record Unreadable(BlobId blob, String why, List<Span> clusters) implements BlobFinding {
    public Unreadable {
      clusters = List.copyOf(clusters);
    }

    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public Place place() {
      return new Place(List.of(), clusters, List.of(blob));
    }

    @Override
    public String what(Names names) {
      return "%s cannot be opened: %s".formatted(names.of(blob), why);
    }

    @Override
    public String meaning(Names names) {
      return "Its data is on the disk, but where is not known: %d of its clusters could be found."
          .formatted(Span.count(clusters));
    }

    @Override
    public Remedy remedy(Names names) {
      return new GiveUp(
          blob,
          "Its root page is erased, and what it had is free.",
          "All of %s; and what its snapshots and clones share with it.".formatted(names.of(blob)));
    }
  }

  /** In a store that was not closed cleanly a page looks like the root of a blob, and its checksum is wrong. */
  record RootBroken(BlobId blob) implements BlobFinding {
    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public String what(Names names) {
      return "Metadata page %d looks like the root page of %s, and its checksum is wrong."
          .formatted(blob.rootPage(), names.of(blob));
    }

    @Override
    public String meaning(Names names) {
      return "If it was being made or deleted when the power failed, nothing is lost. If not, an import does not see it and takes its space"
          + " for free: do not import the disk before that is clear, and copy it first if it holds the only copy.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new GiveUp(
          blob,
          "The page is erased.",
          "All of %s, unless it was being made or deleted.".formatted(names.of(blob)));
    }
  }

  /**
   * A part of a blob's map is broken; what is around it is known.
   *
   * @param holes logical clusters whose place is not known
   * @param clusterBytes size of each
   */
  record MapHasHoles(BlobId blob, String why, List<Span> holes, long clusterBytes)
      implements BlobFinding {
    public MapHasHoles {
      holes = List.copyOf(holes);
    }

    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public String what(Names names) {
      return "%s cannot be opened: %s".formatted(names.of(blob), why);
    }

    @Override
    public String meaning(Names names) {
      return "Where the data of its clusters %s is, is not known; all others can be brought back."
          .formatted(Span.text(holes));
    }

    @Override
    public Remedy remedy(Names names) {
      return new GiveUp(
          blob,
          "These clusters are taken out of its map; then it opens.",
          "%d bytes of %s in its clusters %s, which then read as what its parent has there, or as zeroes."
              .formatted(Span.count(holes) * clusterBytes, names.of(blob), Span.text(holes)));
    }
  }

  /** It has flags of a newer release. */
  record UnknownFlags(BlobId blob, String why) implements BlobFinding {
    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public String what(Names names) {
      return "%s is not opened: %s".formatted(names.of(blob), why);
    }

    @Override
    public String meaning(Names names) {
      return "It was made by something that knows more than this release; to open it could harm it.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new Elsewhere("Open it with a release that knows the flag.");
    }
  }

  /** It may be read, and must not be changed. */
  record MustNotChange(BlobId blob, String why) implements BlobFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String what(Names names) {
      return "%s can be read and must not be changed: %s.".formatted(names.of(blob), why);
    }

    @Override
    public String meaning(Names names) {
      return "All its data is there; no snapshot, resize or first write to a cluster is done.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new Elsewhere(
          "Use a release that knows what this is, or copy its data to a new replica.");
    }
  }

  /** Its parent is not on the disk. */
  record ParentMissing(BlobId blob, BlobId parent) implements BlobFinding {
    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public Place place() {
      return Place.ofBlobs(blob, parent);
    }

    @Override
    public String what(Names names) {
      return "%s cannot be opened: its parent %s is not on the disk."
          .formatted(names.of(blob), names.of(parent));
    }

    @Override
    public String meaning(Names names) {
      return "What was written to it since is there; what it shares with its parent is not.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new GiveUp(
          blob,
          "It is separated from its parent; then it opens.",
          "What %s shares with its parent and the ancestors of that reads as zeroes."
              .formatted(names.of(blob)));
    }
  }

  /** An ancestor is on the disk and cannot be opened. */
  record AncestorUnreadable(BlobId blob, BlobId ancestor) implements BlobFinding {
    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public Place place() {
      return Place.ofBlobs(blob, ancestor);
    }

    @Override
    public String what(Names names) {
      return "%s cannot be opened: its ancestor %s cannot."
          .formatted(names.of(blob), names.of(ancestor));
    }

    @Override
    public String meaning(Names names) {
      return "It would show zeroes where it shares data with its ancestor.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new Elsewhere(
          "Repair %s first; if that is given up, %s can be given up to what is its own."
              .formatted(names.of(ancestor), names.of(blob)));
    }
  }

  /** It comes from itself. */
  record OwnAncestor(BlobId blob) implements BlobFinding {
    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public String what(Names names) {
      return "%s cannot be opened: it is its own ancestor.".formatted(names.of(blob));
    }

    @Override
    public String meaning(Names names) {
      return "What was written to it is there; what it shares with others is not known.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new GiveUp(
          blob,
          "It is separated from its parent; then it opens.",
          "What %s shares with its ancestors reads as zeroes.".formatted(names.of(blob)));
    }
  }

  /**
   * Clusters or metadata pages that several blobs say are theirs.
   *
   * @param blob the one that gets copies
   * @param others who have them too
   * @param pages of metadata
   * @param separable it can get copies now
   */
  record Shared(
      BlobId blob, List<BlobId> others, List<Span> clusters, List<Span> pages, boolean separable)
      implements BlobFinding {
    public Shared {
      others = List.copyOf(others);
      clusters = List.copyOf(clusters);
      pages = List.copyOf(pages);
    }

    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public Place place() {
      var blobs = new ArrayList<>(others);
      blobs.addFirst(blob);
      return new Place(List.of(), clusters, blobs);
    }

    private String called(Names names) {
      return others.stream().map(names::of).collect(Collectors.joining(", "));
    }

    @Override
    public String what(Names names) {
      String pageText = pages.isEmpty() ? "" : " and metadata pages " + Span.text(pages);
      return "%s and %s both have clusters %s%s."
          .formatted(names.of(blob), called(names), Span.text(clusters), pageText);
    }

    @Override
    public String meaning(Names names) {
      return "What one of them wrote there last is what all of them read; whose data it is, nobody knows. None of them is changed until"
          + " they are separated.";
    }

    @Override
    public Remedy remedy(Names names) {
      if (!separable) {
        return new Elsewhere(
            "Repair or give up first what is wrong with %s.".formatted(called(names)));
      }
      return new ByRepair(
          "%s gets copies of its own of these clusters: each goes on reading what it reads now. Compare both with their other replicas."
              .formatted(names.of(blob)));
    }
  }

  /**
   * A snapshot was being made or deleted.
   *
   * @param stays what was under way did not happen, or happened, in the snapshot's favour
   * @param changeable nothing else forbids to change it
   */
  record SnapshotUnfinished(BlobId blob, boolean stays, boolean changeable) implements BlobFinding {
    @Override
    public Severity severity() {
      return Severity.NOTICE;
    }

    @Override
    public String what(Names names) {
      return "%s was being made or deleted when the store stopped.".formatted(names.of(blob));
    }

    @Override
    public String meaning(Names names) {
      return stays
          ? "It is complete and stays."
          : "It goes; the blob that it belongs to has all data.";
    }

    @Override
    public Remedy remedy(Names names) {
      if (!changeable) return NOT_CHANGED;
      return new ByLoad(
          stays
              ? "The mark of the operation is taken off."
              : "It is erased, and none of its clusters.");
    }
  }

  /** A snapshot was being made or deleted, and nobody can say how that went. */
  record SnapshotStuck(BlobId blob, String why) implements BlobFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String what(Names names) {
      return "%s was being made or deleted, and that can be neither completed nor undone: %s."
          .formatted(names.of(blob), why);
    }

    @Override
    public String meaning(Names names) {
      return "It can be read, and is not changed. Data that cannot be opened elsewhere may be in it.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new Elsewhere("Copy what is needed from it; then delete it.");
    }
  }

  /**
   * Lists of clusters are longer or shorter than the blob.
   *
   * @param slots parts of 512 clusters
   * @param changeable nothing else forbids to change it
   */
  record ListsOfWrongLength(BlobId blob, List<Span> slots, boolean changeable)
      implements BlobFinding {
    public ListsOfWrongLength {
      slots = List.copyOf(slots);
    }

    @Override
    public Severity severity() {
      return Severity.NOTICE;
    }

    @Override
    public String what(Names names) {
      return "%s has lists of clusters that are longer or shorter than it is, in its parts %s."
          .formatted(names.of(blob), Span.text(slots));
    }

    @Override
    public String meaning(Names names) {
      return "A change of its size was interrupted, or a deleted snapshot had another size. Nothing is lost here, but Mayastor would"
          + " take the length of the lists for its size, or not open it.";
    }

    @Override
    public Remedy remedy(Names names) {
      if (!changeable) return NOT_CHANGED;
      return new ByLoad("The lists get the length that the size says.");
    }
  }

  /**
   * It lists clusters that are its ancestor's.
   *
   * @param slots parts of 512 clusters
   * @param changeable nothing else forbids to change it
   */
  record ListsAncestorsClusters(BlobId blob, List<Span> slots, boolean changeable)
      implements BlobFinding {
    public ListsAncestorsClusters {
      slots = List.copyOf(slots);
    }

    @Override
    public Severity severity() {
      return Severity.NOTICE;
    }

    @Override
    public String what(Names names) {
      return "%s lists clusters as its own that are its ancestor's, in its parts %s."
          .formatted(names.of(blob), Span.text(slots));
    }

    @Override
    public String meaning(Names names) {
      return "A deletion of the ancestor was interrupted. Nothing is lost; but a write by Mayastor would change both.";
    }

    @Override
    public Remedy remedy(Names names) {
      if (!changeable) return NOT_CHANGED;
      return new ByLoad("They are the ancestor's alone again.");
    }
  }

  /**
   * It is shorter than its root page says.
   *
   * @param changeable nothing else forbids to change it
   */
  record ShorterThanStated(BlobId blob, long clusters, boolean changeable) implements BlobFinding {
    @Override
    public Severity severity() {
      return Severity.NOTICE;
    }

    @Override
    public String what(Names names) {
      return "%s has lists for %d clusters, and its root page says more."
          .formatted(names.of(blob), clusters);
    }

    @Override
    public String meaning(Names names) {
      return "It was being made smaller; what is behind its lists is given up already.";
    }

    @Override
    public Remedy remedy(Names names) {
      if (!changeable) return NOT_CHANGED;
      return new ByLoad("Its size is what its lists say.");
    }
  }

  /**
   * Others come from it, and it may be written.
   *
   * @param changeable nothing else forbids to change it
   */
  record WritableParent(BlobId blob, List<BlobId> children, boolean changeable)
      implements BlobFinding {
    public WritableParent {
      children = List.copyOf(children);
    }

    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public Place place() {
      return Place.ofBlobs(blob);
    }

    @Override
    public String what(Names names) {
      return "%s is not marked as a snapshot, and %s depends on it."
          .formatted(
              names.of(blob), children.stream().map(names::of).collect(Collectors.joining(", ")));
    }

    @Override
    public String meaning(Names names) {
      return "Who writes to it changes the others.";
    }

    @Override
    public Remedy remedy(Names names) {
      if (!changeable) return NOT_CHANGED;
      return new ByRepair("It is marked as one that can only be read.");
    }
  }
}
