package io.tenon.blobstore.internal.layout;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Where a blob's clusters are: logical cluster to cluster of the disk, 0 for unallocated. Kept in the slots of 512 that extent pages
 * have, so that an empty part costs a reference.
 *
 * <p>Made by one thread, and not changed any more once others see it: whoever changes something works on an {@link #edit}, which shares
 * all that it does not change.
 */
@SuppressWarnings("ReferenceEquality") // NOTHING is one array
public final class ClusterMap {
  /** Logical clusters of a slot; fixed by the format. */
  public static final int SLOT_CLUSTERS = 512;

  /** 1 PiB in clusters of 4 MiB; more is refused, for a small disk can name any size. */
  public static final int MOST_CLUSTERS = 1 << 28;

  private static final int SLOT_SHIFT = 9;
  private static final int SLOT_MASK = SLOT_CLUSTERS - 1;
  private static final int[] NOTHING = new int[SLOT_CLUSTERS];

  private final int clusters;
  private final int[][] slots;

  /** Slots that no other map shares. */
  private final BitSet own = new BitSet();

  private int allocated;

  public ClusterMap(int clusters) {
    this(clusters, new int[slotsFor(clusters)][], 0);
    Arrays.fill(slots, NOTHING);
  }

  private ClusterMap(int clusters, int[][] slots, int allocated) {
    this.clusters = clusters;
    this.slots = slots;
    this.allocated = allocated;
  }

  /** A copy to be changed. */
  public ClusterMap edit() {
    return new ClusterMap(clusters, slots.clone(), allocated);
  }

  /** How many slots so many clusters have. */
  public static int slotsFor(long clusters) {
    return (int) ((clusters + SLOT_MASK) >> SLOT_SHIFT);
  }

  public int clusters() {
    return clusters;
  }

  public int slots() {
    return slots.length;
  }

  /** Clusters that are allocated. */
  public int allocated() {
    return allocated;
  }

  /**
   * @param cluster 0 to {@link #clusters} - 1
   * @return the cluster of the disk, or 0
   */
  public int get(int cluster) {
    return slots[cluster >> SLOT_SHIFT][cluster & SLOT_MASK];
  }

  public void set(int cluster, int diskCluster) {
    int at = cluster >> SLOT_SHIFT;
    int before = slots[at][cluster & SLOT_MASK];
    if (before == diskCluster) return;
    if (before == 0) allocated++;
    if (diskCluster == 0) allocated--;
    if (!own.get(at)) {
      own.set(at);
      slots[at] = slots[at].clone();
    }
    slots[at][cluster & SLOT_MASK] = diskCluster;
  }

  /** Clusters that slot {@code slot} covers. */
  public int clustersOfSlot(int slot) {
    return Math.min(SLOT_CLUSTERS, clusters - slot * SLOT_CLUSTERS);
  }

  /**
   * The first allocated cluster from {@code from} on.
   *
   * @return {@code end} when there is none before it
   */
  public int nextAllocated(int from, int end) {
    int at = from;
    while (at < end) {
      int[] entries = slots[at >> SLOT_SHIFT];
      if (entries == NOTHING) {
        at = ((at >> SLOT_SHIFT) + 1) << SLOT_SHIFT;
        continue;
      }
      if (entries[at & SLOT_MASK] != 0) return at;
      at++;
    }
    return end;
  }

  public boolean isSlotEmpty(int slot) {
    int[] entries = slots[slot];
    if (entries == NOTHING) return true;
    for (int entry : entries) {
      if (entry != 0) return false;
    }
    return true;
  }

  /** A copy with another number of clusters: what is cut off is gone, what is new is unallocated. */
  public ClusterMap resized(int newClusters) {
    var other = new ClusterMap(newClusters);
    int kept = Math.min(clusters, newClusters);
    for (int slot = 0; slot < slotsFor(kept); slot++) {
      if (slots[slot] == NOTHING) continue;
      int first = slot * SLOT_CLUSTERS;
      int end = Math.min(kept, first + SLOT_CLUSTERS);
      for (int cluster = first; cluster < end; cluster++) other.set(cluster, get(cluster));
    }
    return other;
  }

  /** Takes one allocated cluster. */
  public interface Visitor {
    void cluster(int logical, int diskCluster);
  }

  /** Every allocated cluster, in logical order. */
  public void forEach(Visitor visitor) {
    for (int slot = 0; slot < slots.length; slot++) {
      int[] entries = slots[slot];
      if (entries == NOTHING) continue;
      for (int i = 0; i < entries.length; i++) {
        if (entries[i] != 0) visitor.cluster(slot * SLOT_CLUSTERS + i, entries[i]);
      }
    }
  }
}
