package io.tenon.shell.api;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;

/** Attempts of one address to log in that failed: some within a while, and it is not heard for one that doubles each time. Whoever has it holds a lock. */
public final class Failures {
  public static final int MOST = 5;
  public static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(10);
  public static final Duration FIRST_BLOCK = Duration.ofMinutes(1);
  public static final Duration LONGEST_BLOCK = Duration.ofMinutes(16);

  private int count;
  private int blocks;
  private long lastNs;
  private long blockedUntilNs;
  private boolean blocked;

  /**
   * Whose failures are counted together: networks give a whole /64 to one customer, so of IPv6 it is that.
   *
   * @param address as numbers; anything else is counted by itself
   */
  public static String networkOf(String address) {
    try {
      var parsed = InetAddress.ofLiteral(address);
      if (!(parsed instanceof Inet6Address)) return parsed.getHostAddress();
      return HexFormat.of().formatHex(Arrays.copyOf(parsed.getAddress(), 8)) + "::/64";
    } catch (IllegalArgumentException e) {
      return address;
    }
  }

  /** Those that are not forgotten. */
  public int count() {
    return count;
  }

  /**
   * The address is not heard.
   *
   * @param nowNs of a clock that only goes on, as in {@link #add}
   */
  public boolean isBlocked(long nowNs) {
    if (blocked && nowNs - blockedUntilNs >= 0) blocked = false;
    return blocked;
  }

  /**
   * One more.
   *
   * @return whether the address is blocked from now on
   */
  public boolean add(long nowNs) {
    if (nowNs - lastNs > FORGOTTEN_AFTER.toNanos()) count = 0;
    lastNs = nowNs;
    count++;
    if (count < MOST || blocked) return false;
    blocked = true;
    blockedUntilNs = nowNs + block().toNanos();
    blocks++;
    count = MOST - 1; // the next one blocks again
    return true;
  }

  private Duration block() {
    var doubled = FIRST_BLOCK.multipliedBy(1L << Math.min(blocks, 10));
    return doubled.compareTo(LONGEST_BLOCK) < 0 ? doubled : LONGEST_BLOCK;
  }

  /** Somebody has logged in. A block that stands goes on. */
  public void forget() {
    count = 0;
    blocks = 0;
  }
}
