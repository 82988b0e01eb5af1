package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobFinding;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.Span;
import io.tenon.blobstore.internal.layout.ClusterMap;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/** What is wrong with blobs, each by itself and between them. */
final class BlobCheck {
  private final LoadedStore loaded;
  private final PageReader pages;
  private final List<Finding> findings;
  private List<SharedSpace> shared = List.of();

  BlobCheck(LoadedStore loaded, StoreDisk disk, List<Finding> findings) {
    this.loaded = loaded;
    this.pages = new PageReader(disk);
    this.findings = findings;
    loaded.record().ifPresent(record -> record.forEach(pages::overlay));
  }

  void run() throws BlobstoreException {
    shared = SharedSpace.in(loaded);
    for (BlobLoader blob : loaded.failed) failed(blob);
    loaded.orphans.forEach(this::orphan);
    for (BlobId id : loaded.circles) findings.add(new BlobFinding.OwnAncestor(id));
    loaded.foreign.forEach((id, why) -> findings.add(new BlobFinding.MustNotChange(id, why)));
    for (BlobId id : loaded.toErase)
      findings.add(new BlobFinding.SnapshotUnfinished(id, false, true));
    for (StoredBlob blob : loaded.toFinish) {
      findings.add(new BlobFinding.SnapshotUnfinished(blob.id(), true, isChangeable(blob)));
    }
    loaded.stuck.forEach((id, why) -> findings.add(new BlobFinding.SnapshotStuck(id, why)));
    lists();
    for (StoredBlob blob : loaded.blobs.values()) writableParent(blob);
    for (var space : shared) findings.add(space.finding());
  }

  private void failed(BlobLoader blob) throws BlobstoreException {
    if (loaded.orphans.containsKey(blob.id()) || loaded.circles.contains(blob.id())) return;
    String why = withoutId(blob.refusal());
    if (blob.refusedByFlags()) {
      findings.add(new BlobFinding.UnknownFlags(blob.id(), why));
      return;
    }
    var partly = BlobLoader.leavingHoles(blob.id(), loaded.layout(), pages);
    var opened = partly.load();
    if (opened == null) {
      findings.add(new BlobFinding.Unreadable(blob.id(), why, spans(blob.foundClusters())));
      return;
    }
    findings.add(
        new BlobFinding.MapHasHoles(
            blob.id(), why, holes(partly.holes(), opened.map()), loaded.layout().clusterBytes()));
  }

  /** Sentences that begin with the blob, of which people get to know the name. */
  private static String withoutId(String refusal) {
    return refusal.replaceFirst("^Blob 0x[0-9a-f]+: ", "");
  }

  private static List<Span> spans(Collection<Integer> numbers) {
    var set = new BitSet();
    for (int number : numbers) set.set(number);
    return Span.of(set);
  }

  private static List<Span> holes(BitSet slots, ClusterMap map) {
    var clusters = new BitSet();
    slots.stream()
        .forEach(
            slot -> {
              int first = slot * ClusterMap.SLOT_CLUSTERS;
              clusters.set(first, first + map.clustersOfSlot(slot));
            });
    return Span.of(clusters);
  }

  private void orphan(BlobId blob, BlobId ancestor) {
    boolean there = loaded.unopened.containsKey(ancestor) || loaded.blobs.containsKey(ancestor);
    findings.add(
        there
            ? new BlobFinding.AncestorUnreadable(blob, nearestCause(ancestor))
            : parentOrAncestorMissing(blob, ancestor));
  }

  /** An ancestor may itself be without its own. */
  private BlobId nearestCause(BlobId ancestor) {
    var seen = new TreeSet<BlobId>();
    var at = ancestor;
    while (seen.add(at)) {
      var above = loaded.orphans.get(at);
      if (above == null || !loaded.unopened.containsKey(above)) break;
      at = above;
    }
    return at;
  }

  private Finding parentOrAncestorMissing(BlobId blob, BlobId ancestor) {
    var parent = loaded.parentsOfUnopened.get(blob);
    return parent == null || parent.equals(ancestor)
        ? new BlobFinding.ParentMissing(blob, ancestor)
        : new BlobFinding.AncestorUnreadable(blob, parent);
  }

  /** A repair gets to it: nothing forbids that, or only what the repair puts right before. */
  private boolean isChangeable(StoredBlob blob) {
    if (loaded.foreign.containsKey(blob.id()) || loaded.stuck.containsKey(blob.id())) return false;
    return blob.restriction().isEmpty() || shared.stream().allMatch(SharedSpace::canBeSeparated);
  }

  private void lists() {
    for (var blob : loaded.wrongSlots.entrySet()) {
      var stored = loaded.blobs.get(blob.getKey());
      boolean changeable = stored != null && isChangeable(stored);
      NavigableSet<Integer> given = loaded.givenBack.getOrDefault(blob.getKey(), new TreeSet<>());
      var wrongLength = new TreeSet<>(blob.getValue());
      wrongLength.removeAll(given);
      if (!given.isEmpty()) {
        findings.add(
            new BlobFinding.ListsAncestorsClusters(blob.getKey(), spans(given), changeable));
      }
      if (!wrongLength.isEmpty()) {
        findings.add(
            new BlobFinding.ListsOfWrongLength(blob.getKey(), spans(wrongLength), changeable));
      }
    }
    for (BlobId id : loaded.wrongSizes) {
      var blob = loaded.blobs.get(id);
      if (blob != null) {
        findings.add(
            new BlobFinding.ShorterThanStated(id, blob.map().clusters(), isChangeable(blob)));
      }
    }
  }

  private void writableParent(StoredBlob blob) {
    if (blob.children().isEmpty() || blob.isReadOnly()) return;
    findings.add(
        new BlobFinding.WritableParent(
            blob.id(), blob.children().stream().map(StoredBlob::id).toList(), isChangeable(blob)));
  }
}
