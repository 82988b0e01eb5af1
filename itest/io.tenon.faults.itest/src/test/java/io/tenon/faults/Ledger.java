package io.tenon.faults;

import io.tenon.linux.Memory;
import java.util.Optional;

/**
 * What every place of the device may hold: the last version that was acknowledged or read, or one of those issued after it whose end
 * nobody knows ("maybe"). Each sector says who wrote it (the seed), where, as which version and when, and the rest of it
 * follows from these, so that a stale, lost, misplaced or torn sector is recognised for what it is.
 *
 * <p>Knows nothing of nexuses, children or transports. One thread at a time.
 */
final class Ledger {
  static final int PLACE_BYTES = 4096;
  private static final int SECTOR_BYTES = 512;
  private static final long MAGIC = 0x74656e6f6e5f6661L;
  private static final int HEADER_BYTES = 5 * Long.BYTES;
  private static final long MIX = 0x9e3779b97f4a7c15L;

  private final long seed;
  private final long[] issued;
  private final long[] acknowledged;
  private final long[] whenNs;

  Ledger(long seed, int places) {
    this(seed, new long[places], new long[places]);
  }

  private Ledger(long seed, long[] acknowledged, long[] issued) {
    this.seed = seed;
    this.issued = issued;
    this.acknowledged = acknowledged;
    this.whenNs = new long[issued.length];
  }

  /** What was there at some moment between {@code before} and this one, both copies of the same ledger: a snapshot. */
  Ledger since(Ledger before) {
    return new Ledger(seed, before.acknowledged.clone(), issued.clone());
  }

  Ledger copy() {
    return new Ledger(seed, acknowledged.clone(), issued.clone());
  }

  int places() {
    return issued.length;
  }

  boolean isAcknowledged(int place) {
    return acknowledged[place] > 0;
  }

  /** A write of the next version of {@code place} is about to be submitted: writes its content to {@code address}. */
  void issue(int place, long address, long nowNs) {
    long version = ++issued[place];
    for (int at = 0; at < PLACE_BYTES; at += SECTOR_BYTES) {
      long sector = address + at;
      Memory.putLong(sector, MAGIC);
      Memory.putLong(sector + 8, seed);
      Memory.putLong(sector + 16, place);
      Memory.putLong(sector + 24, version);
      Memory.putLong(sector + 32, nowNs);
      for (int rest = HEADER_BYTES; rest < SECTOR_BYTES; rest += Long.BYTES) {
        Memory.putLong(sector + rest, filler(place, version, nowNs, at + rest));
      }
    }
  }

  /** The write that was last issued for {@code place} has succeeded. */
  void acknowledge(int place, long nowNs) {
    acknowledged[place] = issued[place];
    whenNs[place] = nowNs;
  }

  /**
   * A host reads what is at {@code address}: as {@link #judge}, and from now on nothing older may be there, even where it is of a write
   * whose end nobody knows.
   */
  Optional<String> read(int place, long address) {
    var complaint = judge(place, address);
    if (complaint.isPresent()) return complaint;
    long oldest = issued[place];
    for (int at = 0; at < PLACE_BYTES; at += SECTOR_BYTES) {
      oldest = Math.min(oldest, version(place, address, at));
    }
    acknowledged[place] = Math.max(acknowledged[place], oldest);
    return complaint;
  }

  private long filler(int place, long version, long when, int at) {
    return (seed ^ place * MIX ^ version ^ when) * MIX + at;
  }

  /**
   * Whether {@code place} may hold what is at {@code address}.
   *
   * @return what is wrong with it
   */
  Optional<String> judge(int place, long address) {
    long first = -1;
    for (int at = 0; at < PLACE_BYTES; at += SECTOR_BYTES) {
      long version = version(place, address, at);
      if (version < 0)
        return Optional.of(wrong(place, at, "holds what nobody wrote there", version));
      if (version < acknowledged[place]) return Optional.of(wrong(place, at, "is stale", version));
      if (version > issued[place])
        return Optional.of(wrong(place, at, "is not of this run", version));
      if (at == 0) first = version;
      // An interrupted write may be there in part; one that was answered may not.
      boolean certain = acknowledged[place] == issued[place];
      if (certain && version != first) return Optional.of(wrong(place, at, "is torn", version));
    }
    return Optional.empty();
  }

  /**
   * @return 0 for zeroes, which is how a place begins; -1 for what no write of this run to this place could have left
   */
  private long version(int place, long address, int at) {
    long sector = address + at;
    if (Memory.getLong(sector) == 0) {
      for (int rest = 0; rest < SECTOR_BYTES; rest += Long.BYTES) {
        if (Memory.getLong(sector + rest) != 0) return -1;
      }
      return 0;
    }
    boolean ours =
        Memory.getLong(sector) == MAGIC
            && Memory.getLong(sector + 8) == seed
            && Memory.getLong(sector + 16) == place;
    long version = Memory.getLong(sector + 24);
    long when = Memory.getLong(sector + 32);
    if (!ours || version <= 0) return -1;
    for (int rest = HEADER_BYTES; rest < SECTOR_BYTES; rest += Long.BYTES) {
      if (Memory.getLong(sector + rest) != filler(place, version, when, at + rest)) return -1;
    }
    return version;
  }

  private String wrong(int place, int at, String how, long found) {
    return "place %d byte %d %s: it has version %d; acknowledged is %d (at %d ns), issued %d"
        .formatted(place, at, how, found, acknowledged[place], whenNs[place], issued[place]);
  }
}
