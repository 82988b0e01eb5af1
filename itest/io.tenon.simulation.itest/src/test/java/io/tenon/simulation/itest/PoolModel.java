package io.tenon.simulation.itest;

import io.tenon.pool.Pool;
import io.tenon.pool.ReplicaInfo;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/** What must be in a pool by what its callers were told. Judges lists and numbers; shares no code with pools. */
final class PoolModel {
  /** What a caller was told of a replica or snapshot. */
  record Facts(
      String name,
      boolean snapshot,
      boolean thin,
      long sizeBytes,
      boolean shared,
      Set<String> hosts,
      Optional<String> entity,
      boolean discarded) {
    Facts sharedFor(Set<String> now) {
      return new Facts(name, snapshot, thin, sizeBytes, true, now, entity, discarded);
    }

    Facts unshared() {
      return new Facts(name, snapshot, thin, sizeBytes, false, hosts, entity, discarded);
    }

    Facts sized(long bytes) {
      return new Facts(name, snapshot, thin, bytes, shared, hosts, entity, discarded);
    }

    Facts of(String volume) {
      return new Facts(
          name, snapshot, thin, sizeBytes, shared, hosts, Optional.of(volume), discarded);
    }

    Facts asThin() {
      return new Facts(name, snapshot, true, sizeBytes, shared, hosts, entity, discarded);
    }

    Facts asDiscarded() {
      return new Facts(name, snapshot, thin, sizeBytes, shared, hosts, entity, true);
    }
  }

  /**
   * What is being done: when nobody is told how it ended, it has happened or not.
   *
   * @param after nothing when it is being deleted
   * @param happened takes it into the model
   */
  private record Pending(UUID uuid, Optional<Facts> after, Runnable happened) {}

  private final TreeMap<UUID, Facts> facts = new TreeMap<>();
  private final TreeMap<UUID, PoolContent> contents = new TreeMap<>();
  private Optional<Pending> pending = Optional.empty();

  private final TreeSet<UUID> doubtful = new TreeSet<>();

  /** What is known now, nothing of which is being changed. */
  PoolModel copy() {
    if (pending.isPresent()) throw new AssertionError("something is being done");
    var copy = new PoolModel();
    copy.facts.putAll(facts);
    contents.forEach((uuid, content) -> copy.contents.put(uuid, content.copy()));
    copy.doubtful.addAll(doubtful);
    return copy;
  }

  /**
   * Of which nobody knew before the last look what they are: what had been under way then, and discarded snapshots that have gone since. A disk as it was
   * before, which cannot be brought in order any more, may show them as they were or half-way.
   */
  Set<UUID> doubtful() {
    return new TreeSet<>(doubtful);
  }

  SortedMap<UUID, Facts> facts() {
    return new TreeMap<>(facts);
  }

  Facts facts(UUID uuid) {
    var known = facts.get(uuid);
    if (known == null) throw new AssertionError("unknown " + uuid);
    return known;
  }

  PoolContent content(UUID uuid) {
    var known = contents.get(uuid);
    if (known == null) throw new AssertionError("unknown " + uuid);
    return known;
  }

  void begins(UUID uuid, Facts after, Runnable happened) {
    pending = Optional.of(new Pending(uuid, Optional.of(after), happened));
  }

  void beginsToDelete(UUID uuid) {
    pending = Optional.of(new Pending(uuid, Optional.empty(), () -> remove(uuid)));
  }

  /** The caller was told so. */
  void succeeded() {
    pending.ifPresent(this::happened);
    pending = Optional.empty();
  }

  /** The caller was told that nothing has happened. */
  void refused() {
    pending = Optional.empty();
  }

  private void happened(Pending done) {
    done.happened().run();
    done.after().ifPresent(after -> facts.put(done.uuid(), after));
  }

  void put(UUID uuid, PoolContent content) {
    contents.put(uuid, content);
  }

  /** A thick replica is thin when there is a snapshot of it. */
  void becomesThin(UUID uuid) {
    facts.put(uuid, facts(uuid).asThin());
  }

  private void remove(UUID uuid) {
    facts.remove(uuid);
    contents.remove(uuid);
  }

  /** The disk has lost what was not durable, or not. */
  void lost() {
    contents.values().forEach(PoolContent::lost);
  }

  /** Looks at the pool with nothing under way. */
  void check(Pool pool) {
    var found = new TreeMap<UUID, ReplicaInfo>();
    for (ReplicaInfo info : pool.replicas()) {
      if (found.put(info.uuid(), info) != null) throw wrong(info.name() + " is there twice");
      if (!info.problem().isEmpty()) throw wrong(info.name() + ": " + info.problem());
    }
    doubtful.clear();
    var before = facts();
    pending.ifPresent(unsure -> doubtful.add(unsure.uuid()));
    settle(found);
    for (UUID uuid : new TreeSet<>(facts.keySet())) {
      boolean gone = !found.containsKey(uuid);
      if (gone && facts(uuid).discarded()) remove(uuid);
      else if (gone) throw wrong(facts(uuid).name() + " is lost");
    }
    before.forEach(
        (uuid, was) -> {
          if (!was.equals(facts.get(uuid))) doubtful.add(uuid);
        });
    for (ReplicaInfo info : found.values()) {
      if (!facts.containsKey(info.uuid())) throw wrong(info.name() + " is not gone");
      var expected = facts(info.uuid());
      if (!seen(info).equals(expected)) {
        throw wrong("%s instead of %s".formatted(seen(info), expected));
      }
    }
  }

  /** What had been under way has happened, or not, and nothing between. */
  private void settle(SortedMap<UUID, ReplicaInfo> found) {
    if (pending.isEmpty()) return;
    var unsure = pending.get();
    pending = Optional.empty();
    var now = Optional.ofNullable(found.get(unsure.uuid())).map(PoolModel::seen);
    if (now.equals(Optional.ofNullable(facts.get(unsure.uuid())))) return;
    if (!now.equals(unsure.after())) {
      throw wrong(
          "%s is %s instead of %s or %s"
              .formatted(unsure.uuid(), now, facts.get(unsure.uuid()), unsure.after()));
    }
    happened(unsure);
  }

  /** In the words of this model. */
  static Facts seen(ReplicaInfo info) {
    return new Facts(
        info.name(),
        info.snapshot().isPresent(),
        info.thin(),
        info.sizeBytes(),
        info.shared(),
        info.allowedHosts(),
        info.entityId(),
        info.snapshot().map(one -> one.discarded()).orElse(false));
  }

  /** With no host at work, for two looks are two moments. */
  static void checkNumbers(Pool pool) {
    var info = pool.info();
    long allocated = 0;
    long committed = 0;
    for (ReplicaInfo one : pool.replicas()) {
      allocated += one.usage().allocatedBytes();
      committed += one.snapshot().isPresent() ? one.usage().allocatedBytes() : one.sizeBytes();
    }
    if (info.usedBytes() != allocated) {
      throw wrong("%d bytes are used, %d allocated".formatted(info.usedBytes(), allocated));
    }
    if (info.committedBytes() != committed) {
      throw wrong("%d bytes committed, %d stated".formatted(committed, info.committedBytes()));
    }
    if (!info.findings().isEmpty()) throw wrong(info.findings().toString());
  }

  private static AssertionError wrong(String what) {
    return new AssertionError("the pool is not what was promised: " + what);
  }
}
