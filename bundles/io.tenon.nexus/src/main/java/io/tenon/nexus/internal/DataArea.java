package io.tenon.nexus.internal;

import io.tenon.block.Geometry;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import java.util.List;

/**
 * Where a nexus' data lies on each of its children: the same first block on all, as Mayastor lays it, so that its disks can be
 * taken over and given back.
 *
 * <pre>
 * | 1 MiB | 4 MiB label and metadata |  data ...  | 2 blocks + 16 KiB backup table |
 * 0                                  firstBlock   last                             n
 *
 * firstBlock = 5 MiB / b        last = min(firstBlock + size / b - 1, n - 16 KiB / b - 2)
 * blocks of the nexus = the smallest (last - firstBlock) of all children
 * </pre>
 *
 * <p>That count is one less than the blocks from first to last; Mayastor's nexuses have that size, so ours do.
 *
 * @param firstBlock of the data on every child, in blocks
 * @param geometry of the nexus
 */
record DataArea(long firstBlock, Geometry geometry) {
  static final long RESERVED_BYTES = 5L << 20;
  static final long BACKUP_TABLE_BYTES = 16L << 10;
  private static final int BLOCKS_AFTER_LAST = 2;

  /** A child as far as its size matters. */
  record Shape(String uri, Geometry geometry) {}

  /**
   * @throws NexusException when block sizes differ, or a child has no room for data; with all numbers
   */
  static DataArea of(String nexus, long sizeBytes, List<Shape> children) throws NexusException {
    Shape first = children.getFirst();
    int blockBytes = first.geometry().blockBytes();
    long blocks = Long.MAX_VALUE;
    for (Shape child : children) {
      if (child.geometry().blockBytes() != blockBytes) throw mixedBlocks(nexus, first, child);
      blocks = Math.min(blocks, blocksOn(nexus, sizeBytes, child));
    }
    return new DataArea(RESERVED_BYTES / blockBytes, new Geometry(blockBytes, blocks));
  }

  /**
   * For a nexus that is to grow. Every child must have room for more than now: also one that is out, or it could not come back.
   *
   * @throws NexusException when it would not grow; with all numbers
   */
  DataArea grown(String nexus, long sizeBytes, List<Shape> children) throws NexusException {
    int blockBytes = geometry.blockBytes();
    long before = geometry.blockCount();
    long asked = sizeBytes / blockBytes - 1;
    if (asked <= before) {
      throw notGrown(
          nexus,
          "It has %d blocks of %d bytes; a size of %s bytes makes %d."
              .formatted(before, blockBytes, Long.toUnsignedString(sizeBytes), Math.max(0, asked)),
          "Ask for at least %d bytes; a nexus does not shrink."
              .formatted((before + 2) * blockBytes));
    }
    long blocks = asked;
    for (Shape child : children) {
      long holds =
          child.geometry().blockCount()
              - BACKUP_TABLE_BYTES / blockBytes
              - BLOCKS_AFTER_LAST
              - firstBlock;
      if (holds <= before) {
        throw notGrown(
            nexus,
            "Child %s has %d blocks of %d bytes, room for %d of data; the nexus has %d already."
                .formatted(child.uri(), child.geometry().blockCount(), blockBytes, holds, before),
            "Resize the devices of all its children first, then the nexus.");
      }
      blocks = Math.min(blocks, holds);
    }
    return new DataArea(firstBlock, new Geometry(blockBytes, blocks));
  }

  private static NexusException notGrown(String nexus, String why, String remedy) {
    return new NexusException(
        Kind.STATE, "Nexus %s was not resized.".formatted(nexus), why, remedy);
  }

  /**
   * For a child that comes later.
   *
   * @param refusal what did not happen when this throws, the first half of a sentence
   */
  void mustFit(String refusal, Shape child) throws NexusException {
    int blockBytes = geometry.blockBytes();
    var has = child.geometry();
    long needed =
        firstBlock + geometry.blockCount() + BACKUP_TABLE_BYTES / blockBytes + BLOCKS_AFTER_LAST;
    String why = "";
    if (has.blockBytes() != blockBytes) {
      why = "It has blocks of %d bytes, the nexus of %d.".formatted(has.blockBytes(), blockBytes);
    } else if (has.blockCount() < needed) {
      why =
          "It has %d blocks of %d bytes; %d are needed."
              .formatted(has.blockCount(), blockBytes, needed);
    }
    if (why.isEmpty()) return;
    throw new NexusException(
        Kind.CHILD,
        "%s: %s does not fit.".formatted(refusal, child.uri()),
        why,
        "Use a device of at least the size of the other children, with equal blocks.");
  }

  private static long blocksOn(String nexus, long sizeBytes, Shape child) throws NexusException {
    int blockBytes = child.geometry().blockBytes();
    long firstBlock = RESERVED_BYTES / blockBytes;
    long asked = firstBlock + sizeBytes / blockBytes - 1;
    long holds =
        child.geometry().blockCount() - BACKUP_TABLE_BYTES / blockBytes - BLOCKS_AFTER_LAST;
    long last = Math.min(asked, holds);
    if (last > firstBlock) return last - firstBlock;
    throw new NexusException(
        holds > firstBlock ? Kind.INVALID_ARGUMENT : Kind.CHILD,
        "Nexus %s was not created: child %s leaves no room for data.".formatted(nexus, child.uri()),
        ("It has %d blocks of %d bytes; data would begin at block %d and end at block %d, the smaller of %d (size asked for: %d"
                + " bytes) and %d (before the backup table).")
            .formatted(
                child.geometry().blockCount(),
                blockBytes,
                firstBlock,
                last,
                asked,
                sizeBytes,
                holds),
        "Ask for at least %d bytes, on children of at least %d bytes."
            .formatted(
                3L * blockBytes,
                RESERVED_BYTES + BACKUP_TABLE_BYTES + (long) (BLOCKS_AFTER_LAST + 2) * blockBytes));
  }

  private static NexusException mixedBlocks(String nexus, Shape first, Shape other) {
    return new NexusException(
        Kind.CHILD,
        "Nexus %s was not created: its children have different block sizes.".formatted(nexus),
        "Child %s has blocks of %d bytes, child %s of %d bytes."
            .formatted(
                first.uri(),
                first.geometry().blockBytes(),
                other.uri(),
                other.geometry().blockBytes()),
        "Use children of equal block size.");
  }
}
