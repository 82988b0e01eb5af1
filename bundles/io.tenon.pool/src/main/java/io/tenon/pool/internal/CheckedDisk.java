package io.tenon.pool.internal;

import io.tenon.blobstore.BlobFinding;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobInfo;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.Inspection;
import io.tenon.blobstore.MaskFinding;
import io.tenon.blobstore.Remedy;
import io.tenon.blobstore.Span;
import io.tenon.blobstore.StoreFinding;
import io.tenon.pool.PoolCheck;
import io.tenon.pool.PoolCheck.Content;
import io.tenon.pool.PoolFinding;
import io.tenon.pool.PoolFinding.Severity;
import io.tenon.pool.PoolFinding.Way;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/** What an inspection means to people: replicas, snapshots and clones instead of blobs. */
final class CheckedDisk {
  private final String disk;
  private final Optional<String> usedBy;
  private final Inspection inspection;
  private final Census census;
  private final LvolNames names;

  CheckedDisk(String disk, Optional<String> usedBy, Inspection inspection) {
    this.disk = disk;
    this.usedBy = usedBy;
    this.inspection = inspection;
    census =
        new Census(inspection.blobs(), inspection.superBlob(), inspection.store().clusterBytes());
    names = new LvolNames(inspection, census);
  }

  LvolNames names() {
    return names;
  }

  /** Whether the pool's name and uuid can be read. */
  boolean hasIdentity() {
    return ownXattrs().map(PoolIdentity::isIn).orElse(false);
  }

  /** The blob that should say whose the store is, when it cannot be opened. */
  Optional<BlobId> unreadableOwner() {
    return inspection
        .superBlob()
        .filter(id -> inspection.unopened().stream().anyMatch(lost -> lost.id().equals(id)));
  }

  private Optional<Map<String, byte[]>> ownXattrs() {
    return inspection.blobs().stream()
        .filter(blob -> inspection.superBlob().equals(Optional.of(blob.id())))
        .map(BlobInfo::xattrs)
        .findFirst();
  }

  PoolCheck result() {
    var store = inspection.store();
    var own = ownXattrs().orElse(Map.of());
    return new PoolCheck(
        disk,
        usedBy,
        Lvol.text(own, Lvol.NAME),
        Lvol.uuid(Lvol.text(own, Lvol.UUID_NAME)),
        store.clean(),
        store.dataClusters() * store.clusterBytes(),
        store.freeClusters() * store.clusterBytes(),
        store.clusterBytes(),
        store.blockBytes(),
        contents(),
        findings());
  }

  private List<Content> contents() {
    var contents = new ArrayList<Content>();
    long cluster = inspection.store().clusterBytes();
    for (Lvol lvol : census.all()) {
      var blob = lvol.blob();
      contents.add(
          new Content(
              names.shortly(lvol.id()),
              lvol.uuid().equals(Lvol.NO_UUID) ? Optional.empty() : Optional.of(lvol.uuid()),
              Optional.of(census.kind(lvol)),
              blob.clusters() * cluster,
              blob.ownClusters() * cluster,
              blob.thin(),
              lvol.isToBeShared(),
              blob.parent().map(names::shortly).orElse(""),
              blob.restriction().orElse("")));
    }
    for (var lost : inspection.unopened()) {
      if (inspection.superBlob().equals(Optional.of(lost.id()))) continue;
      contents.add(
          new Content(
              names.shortly(lost.id()),
              Lvol.uuid(Lvol.text(lost.xattrs(), Lvol.UUID_NAME)),
              Optional.empty(),
              0,
              0,
              false,
              false,
              "",
              lost.why().replaceFirst("^Blob 0x[0-9a-f]+: ", "")));
    }
    return contents;
  }

  /** The worst first. */
  private List<PoolFinding> findings() {
    var findings = new ArrayList<PoolFinding>();
    for (Finding finding : inspection.findings()) findings.add(spoken(finding));
    boolean ownerIsFound =
        inspection.findings().stream().anyMatch(StoreFinding.OwnerMissing.class::isInstance);
    if (!hasIdentity() && !ownerIsFound) {
      String named = inspection.superBlob().map(Object::toString).orElse("none is named");
      findings.add(spoken(new StoreFinding.OwnerMissing(named)));
    }
    findings.addAll(new LvolRules(census, names).findings());
    findings.sort(Comparator.comparing(PoolFinding::severity).reversed());
    return findings;
  }

  private PoolFinding spoken(Finding finding) {
    var remedy = finding.remedy(names);
    var place = finding.place();
    return new PoolFinding(
        kind(finding),
        switch (finding.severity()) {
          case NOTICE -> Severity.NOTICE;
          case WARNING -> Severity.WARNING;
          case DAMAGE -> Severity.DAMAGE;
        },
        place.diskPages().stream().map(Span::toString).toList(),
        place.clusters().stream().map(Span::toString).toList(),
        place.blobs().stream().map(names::shortly).toList(),
        sentence(finding.what(names)),
        sentence(finding.meaning(names)),
        way(remedy),
        sentence(remedy.how()),
        remedy instanceof Remedy.GiveUp(_, _, String lost) ? sentence(lost) : "",
        remedy instanceof Remedy.GiveUp(var blob, _, _) ? names.unique(blob) : "");
  }

  private static Way way(Remedy remedy) {
    return switch (remedy) {
      case Remedy.ByLoad _ -> Way.IMPORT;
      case Remedy.ByRepair _ -> Way.REPAIR;
      case Remedy.WithIdentity _ -> Way.REPAIR_WITH_NAME;
      case Remedy.GiveUp _ -> Way.GIVE_UP;
      case Remedy.Elsewhere _ -> Way.ELSEWHERE;
    };
  }

  /** {@code ClustersLost} is {@code clusters_lost}. */
  private static String kind(Finding finding) {
    Class<?> type =
        switch (finding) {
          case StoreFinding store -> store.getClass();
          case MaskFinding mask -> mask.getClass();
          case BlobFinding blob -> blob.getClass();
        };
    return type.getSimpleName().replaceAll("(?<=.)([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private static String sentence(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  /** What Mayastor's conventions ask of what is on a disk; pool disk format §8 and §9. */
  private record LvolRules(Census census, LvolNames names) {
    List<PoolFinding> findings() {
      var findings = new ArrayList<PoolFinding>();
      Set<String> seenNames = new TreeSet<>();
      Set<UUID> seenUuids = new TreeSet<>();
      for (Lvol lvol : census.all()) {
        if (lvol.name().isEmpty()) {
          findings.add(
              warning(
                  "nameless",
                  lvol,
                  "%s has no name.",
                  "Its data can be read; but Mayastor would not load this pool.",
                  "Import the pool here, and copy what is needed to a new replica."));
        } else if (!seenNames.add(lvol.name())) {
          findings.add(
              warning(
                  "name_twice",
                  lvol,
                  "Another one has the name of %s.",
                  "Only one of them can be a block device.",
                  "Use them by uuid; delete the one that is not needed."));
        }
        if (lvol.uuid().equals(Lvol.NO_UUID)) {
          findings.add(
              warning(
                  "no_uuid",
                  lvol,
                  "%s has no uuid that can be read.",
                  "Its data can be read; but no volume finds it.",
                  "Copy what is needed to a new replica."));
        } else if (!seenUuids.add(lvol.uuid())) {
          findings.add(
              warning(
                  "uuid_twice",
                  lvol,
                  "Another one has the uuid of %s.",
                  "Only one of them can be a block device.",
                  "Delete the one that is not needed, by name."));
        }
        if (lvol.isSnapshot() && !lvol.isValidSnapshot()) {
          findings.add(
              warning(
                  "snapshot_incomplete",
                  lvol,
                  "%s lacks some of a snapshot's attributes.",
                  "It can be read and cloned; the control plane does not list it as valid.",
                  "Take another one if that is possible."));
        }
      }
      return findings;
    }

    private PoolFinding warning(String kind, Lvol lvol, String what, String meaning, String how) {
      return new PoolFinding(
          kind,
          Severity.WARNING,
          List.of(),
          List.of(),
          List.of(names.shortly(lvol.id())),
          sentence(what.formatted(names.of(lvol.id()))),
          meaning,
          Way.ELSEWHERE,
          how,
          "",
          "");
    }
  }
}
