package io.tenon.nvme.internal;

import io.tenon.nvme.NvmeStatus;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reservations of one namespace, told from the specification a second time and in another way: types are numbers, and one table
 * says what they forbid. What the tested code does is compared with it.
 */
final class FenceModel {
  static final int NOBODY = -1;

  /** What a host asks for. */
  enum Kind {
    REGISTER,
    /** Whatever the key was. */
    REPLACE,
    UNREGISTER,
    ACQUIRE,
    PREEMPT,
    PREEMPT_AND_ABORT,
    RELEASE,
    CLEAR
  }

  /**
   * A command.
   *
   * @param other new key, or key to preempt
   * @param keep PTPL: CPTPL of Register
   */
  record Wish(Kind kind, long key, long other, int type, int keep) {}

  /** For types 1 to 6: may read and write: holder, registrant, other. */
  private static final String[] TABLE = {
    "rw rw rw", "rw r- r-", "rw -- --", "rw rw r-", "rw rw --", "rw rw r-", "rw rw --"
  };

  final TreeMap<Integer, Long> keys = new TreeMap<>();
  int type;
  int holder = NOBODY;
  boolean persists;

  FenceModel copy() {
    var copy = new FenceModel();
    copy.keys.putAll(keys);
    copy.type = type;
    copy.holder = holder;
    copy.persists = persists;
    return copy;
  }

  boolean isHolder(int host) {
    return type >= 5 ? keys.containsKey(host) : type > 0 && holder == host;
  }

  boolean mayRead(int host) {
    return rights(host).charAt(0) == 'r';
  }

  boolean mayWrite(int host) {
    return rights(host).charAt(1) == 'w';
  }

  private String rights(int host) {
    int column = isHolder(host) ? 0 : keys.containsKey(host) ? 1 : 2;
    return TABLE[type].split(" ")[column];
  }

  /**
   * @return status code
   */
  int apply(int host, Wish wish) {
    Long own = keys.get(host);
    boolean matches = own != null && own == wish.key();
    boolean persistsThen = wish.keep() == 0 ? persists : wish.keep() == 3;
    switch (wish.kind()) {
      case REGISTER -> {
        if (own != null && own != wish.other()) return NvmeStatus.RESERVATION_CONFLICT;
        keys.put(host, wish.other());
        persists = persistsThen;
      }
      case REPLACE -> {
        keys.put(host, wish.other());
        persists = persistsThen;
      }
      case UNREGISTER -> {
        if (!matches) return NvmeStatus.RESERVATION_CONFLICT;
        remove(host);
        persists = persistsThen;
      }
      case ACQUIRE -> {
        if (!matches) return NvmeStatus.RESERVATION_CONFLICT;
        if (type != 0 && !(isHolder(host) && type == wish.type())) {
          return NvmeStatus.RESERVATION_CONFLICT;
        }
        if (type == 0) take(host, wish.type());
      }
      case PREEMPT, PREEMPT_AND_ABORT -> {
        if (!matches) return NvmeStatus.RESERVATION_CONFLICT;
        return preempt(host, wish);
      }
      case RELEASE -> {
        if (!matches) return NvmeStatus.RESERVATION_CONFLICT;
        if (!isHolder(host)) return 0;
        if (type != wish.type()) return NvmeStatus.INVALID_FIELD;
        take(NOBODY, 0);
      }
      case CLEAR -> {
        if (!matches) return NvmeStatus.RESERVATION_CONFLICT;
        keys.clear();
        take(NOBODY, 0);
      }
    }
    return 0;
  }

  private int preempt(int host, Wish wish) {
    if (type >= 5 && wish.other() == 0) {
      Long own = keys.get(host);
      keys.clear();
      if (own != null) keys.put(host, own);
      take(host, wish.type());
      return 0;
    }
    Long holders = type >= 1 && type <= 4 ? keys.get(holder) : null;
    if (holders != null && holders == wish.other()) {
      keys.entrySet().removeIf(one -> one.getKey() != host && one.getValue() == wish.other());
      take(host, wish.type());
      return 0;
    }
    if (holders != null && wish.other() == 0) return NvmeStatus.INVALID_FIELD;
    if (!keys.containsValue(wish.other())) return NvmeStatus.RESERVATION_CONFLICT;
    for (int victim : new TreeMap<>(keys).keySet()) {
      Long its = keys.get(victim);
      if (its != null && its == wish.other()) remove(victim);
    }
    return 0;
  }

  private void remove(int host) {
    keys.remove(host);
    if (type >= 5 ? keys.isEmpty() : holder == host) take(NOBODY, 0);
  }

  private void take(int host, int as) {
    holder = host;
    type = as;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FenceModel it
        && keys.equals(it.keys)
        && type == it.type
        && holder == it.holder
        && persists == it.persists;
  }

  @Override
  public int hashCode() {
    return Objects.hash(keys, type, holder, persists);
  }

  @Override
  public String toString() {
    return "type %d of %d, keys %s".formatted(type, holder, keys);
  }
}
