package io.tenon.pool.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.Inspection;
import io.tenon.blobstore.Inspection.Unopened;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** How people call what is on a disk that was inspected, also what cannot be opened. */
final class LvolNames implements Finding.Names {
  private final Optional<BlobId> superBlob;
  private final Map<BlobId, String> spoken = new TreeMap<>();
  private final Map<BlobId, String> written = new TreeMap<>();
  private final Map<String, Set<BlobId>> found = new TreeMap<>();

  LvolNames(Inspection inspection, Census census) {
    superBlob = inspection.superBlob();
    for (Lvol lvol : census.all()) {
      String kind =
          switch (census.kind(lvol)) {
            case REPLICA -> "replica";
            case SNAPSHOT -> "snapshot";
            case CLONE -> "clone";
          };
      add(lvol.id(), kind, lvol.name(), lvol.uuid().toString());
    }
    for (Unopened lost : inspection.unopened()) add(lost);
    for (Unopened other : inspection.others()) add(other);
  }

  private void add(Unopened lost) {
    var name = Lvol.text(lost.xattrs(), Lvol.NAME);
    var uuid = Lvol.uuid(Lvol.text(lost.xattrs(), Lvol.UUID_NAME));
    String kind = Lvol.saysSnapshot(lost.xattrs()) ? "snapshot" : "replica";
    add(lost.id(), kind, name.orElse(""), uuid.map(Object::toString).orElse(""));
  }

  private void add(BlobId id, String kind, String name, String uuid) {
    spoken.put(id, name.isEmpty() ? "blob " + id : kind + " " + name);
    written.put(id, name.isEmpty() ? id.toString() : name);
    for (String key : List.of(name, uuid, id.toString())) {
      found.computeIfAbsent(key, _ -> new TreeSet<>()).add(id);
    }
  }

  /** As in a sentence. */
  @Override
  public String of(BlobId blob) {
    if (superBlob.equals(Optional.of(blob))) return "the pool's own blob " + blob;
    return spoken.getOrDefault(blob, "blob " + blob);
  }

  /** As in a table. */
  String shortly(BlobId blob) {
    return written.getOrDefault(blob, blob.toString());
  }

  /** What {@link #find} finds it by. */
  String unique(BlobId blob) {
    String name = shortly(blob);
    return found.getOrDefault(name, Set.of()).size() == 1 ? name : blob.toString();
  }

  /** Of a name, uuid or blob id; empty when there is none, or more than one. */
  Optional<BlobId> find(String word) {
    var ids = found.getOrDefault(word, Set.of());
    if (ids.size() == 1) return Optional.of(ids.iterator().next());
    return id(word);
  }

  private static Optional<BlobId> id(String word) {
    try {
      long id = Long.decode(word);
      return BlobId.isValid(id) ? Optional.of(new BlobId(id)) : Optional.empty();
    } catch (NumberFormatException notAnId) {
      return Optional.empty();
    }
  }
}
