package io.tenon.pool.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobInfo;
import io.tenon.pool.ReplicaInfo.Kind;
import io.tenon.pool.ReplicaInfo.Usage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** All lvols of a pool at one moment, and how they are related. */
final class Census {
  private final long clusterBytes;
  private final TreeMap<BlobId, Lvol> byId = new TreeMap<>();
  private final TreeMap<UUID, Lvol> byUuid = new TreeMap<>();

  /**
   * @param superBlob the pool's own, which is no lvol
   */
  Census(List<BlobInfo> blobs, Optional<BlobId> superBlob, long clusterBytes) {
    this.clusterBytes = clusterBytes;
    for (BlobInfo blob : blobs) {
      if (superBlob.equals(Optional.of(blob.id()))) continue;
      var lvol = new Lvol(blob);
      byId.put(blob.id(), lvol);
      byUuid.putIfAbsent(lvol.uuid(), lvol);
    }
  }

  /** In the order in which they lie on the disk. */
  Collection<Lvol> all() {
    return byId.values();
  }

  Optional<Lvol> find(BlobId id) {
    return Optional.ofNullable(byId.get(id));
  }

  boolean hasName(String name) {
    return byId.values().stream().anyMatch(lvol -> lvol.name().equals(name));
  }

  boolean hasUuid(UUID uuid) {
    return byUuid.containsKey(uuid);
  }

  Kind kind(Lvol lvol) {
    if (lvol.isSnapshot()) return Kind.SNAPSHOT;
    return source(lvol).isPresent() ? Kind.CLONE : Kind.REPLICA;
  }

  /** The snapshot that a clone was made of, as long as it exists. */
  Optional<Lvol> source(Lvol lvol) {
    return lvol.sourceSnapshot().map(byUuid::get);
  }

  List<Lvol> clonesOf(Lvol snapshot) {
    var clones = new ArrayList<Lvol>();
    for (Lvol lvol : byId.values()) {
      if (lvol.sourceSnapshot().equals(Optional.of(snapshot.uuid()))) clones.add(lvol);
    }
    return clones;
  }

  /** Discarded snapshots that nothing keeps any more. */
  List<Lvol> deletable() {
    return byId.values().stream()
        .filter(Lvol::isSnapshot)
        .filter(Lvol::isDiscarded)
        .filter(lvol -> clonesOf(lvol).isEmpty() && lvol.blob().children().size() < 2)
        .toList();
  }

  Usage usage(Lvol lvol) {
    var source = sourceInLine(lvol);
    long ancestors = 0;
    long sinceClone = 0;
    boolean since = true;
    for (var up = parent(lvol); up != null; up = parent(up)) {
      if (source.equals(Optional.of(up))) since = false;
      ancestors += up.blob().ownClusters();
      if (since) sinceClone += up.blob().ownClusters();
    }
    return new Usage(
        clusterBytes,
        lvol.blob().clusters(),
        lvol.blob().ownClusters(),
        ancestors,
        source.isEmpty() ? Optional.empty() : Optional.of(sinceClone));
  }

  private @Nullable Lvol parent(Lvol lvol) {
    var parent = lvol.blob().parent();
    return parent.isEmpty() ? null : byId.get(parent.get());
  }

  /** Where the clone's line begins: of a clone, or of a snapshot that was taken from one. */
  private Optional<Lvol> sourceInLine(Lvol lvol) {
    if (!lvol.isSnapshot()) return source(lvol);
    return lvol.parentReplica().map(byUuid::get).flatMap(this::source);
  }

  /** What they may come to need: of a snapshot, which does not grow, what it holds. */
  long committedBytes() {
    long clusters = 0;
    for (Lvol lvol : byId.values()) {
      clusters += lvol.isSnapshot() ? lvol.blob().ownClusters() : lvol.blob().clusters();
    }
    return clusters * clusterBytes;
  }
}
