package io.tenon.pool;

import java.util.List;

/**
 * Something that is not in order, in sentences for people.
 *
 * @param kind for programs: lower case with underscores
 * @param diskPages pages of 4096 bytes, as {@code 5} or {@code 5-9}
 * @param clusters likewise
 * @param concerns replicas, snapshots and clones by name
 * @param what is wrong
 * @param meaning to data
 * @param way who can do something about it
 * @param how it is done
 * @param lost what a repair costs; empty for nothing
 * @param giveUp what has to be named to a repair that costs something; empty otherwise
 */
public record PoolFinding(
    String kind,
    Severity severity,
    List<String> diskPages,
    List<String> clusters,
    List<String> concerns,
    String what,
    String meaning,
    Way way,
    String how,
    String lost,
    String giveUp) {
  public PoolFinding {
    diskPages = List.copyOf(diskPages);
    clusters = List.copyOf(clusters);
    concerns = List.copyOf(concerns);
  }

  /** How bad it is. */
  public enum Severity {
    /** An import puts it in order by itself, and nothing is lost. */
    NOTICE,
    /** All data can be read. */
    WARNING,
    /** Data cannot be given back as it is. */
    DAMAGE
  }

  /** Who can do something about it. */
  public enum Way {
    /** The next import does it by itself, and so does a repair. */
    IMPORT,
    /** A repair does it. */
    REPAIR,
    /** A repair does it once it was told the pool's name. */
    REPAIR_WITH_NAME,
    /** A repair does it at a price, when it was told what may be lost. */
    GIVE_UP,
    /** Nothing that is done to this disk helps. */
    ELSEWHERE
  }
}
