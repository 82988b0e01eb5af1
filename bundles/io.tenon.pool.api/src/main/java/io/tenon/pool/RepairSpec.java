package io.tenon.pool;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/**
 * How far a repair may go. What costs nothing is always done.
 *
 * @param givenUp what may lose data, each by its {@link PoolFinding#giveUp}
 * @param name of the pool, when the disk does not know it any more
 * @param uuid of that pool; a random one when absent
 * @param copies folder for copies of changed pages; one in the node's data directory when absent
 */
public record RepairSpec(
    Set<String> givenUp, Optional<String> name, Optional<UUID> uuid, Optional<Path> copies) {
  public RepairSpec {
    givenUp = Collections.unmodifiableSet(new TreeSet<>(givenUp));
  }

  /** Only what costs nothing. */
  public static RepairSpec losingNothing() {
    return new RepairSpec(Set.of(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  public RepairSpec givingUp(String... what) {
    return new RepairSpec(Set.of(what), name, uuid, copies);
  }

  public RepairSpec named(String pool, Optional<UUID> poolUuid) {
    return new RepairSpec(givenUp, Optional.of(pool), poolUuid, copies);
  }

  public RepairSpec copiesIn(Path folder) {
    return new RepairSpec(givenUp, name, uuid, Optional.of(folder));
  }
}
