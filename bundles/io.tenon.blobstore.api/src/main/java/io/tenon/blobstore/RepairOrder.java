package io.tenon.blobstore;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * How far a repair may go. What costs nothing is always done.
 *
 * @param givenUp blobs whose {@link Remedy.GiveUp} is agreed to
 * @param owner attributes of the blob that says whose the store is, to be written when that one is missing; empty when not known
 */
public record RepairOrder(Set<BlobId> givenUp, Map<String, byte[]> owner) {
  public RepairOrder {
    givenUp = Collections.unmodifiableSet(new TreeSet<>(givenUp));
    owner = Collections.unmodifiableMap(new LinkedHashMap<>(owner));
  }

  /** Only what costs nothing. */
  public static RepairOrder losingNothing() {
    return new RepairOrder(Set.of(), Map.of());
  }

  public RepairOrder givingUp(Set<BlobId> blobs) {
    return new RepairOrder(blobs, owner);
  }

  public RepairOrder owner(Map<String, byte[]> xattrs) {
    return new RepairOrder(givenUp, xattrs);
  }
}
