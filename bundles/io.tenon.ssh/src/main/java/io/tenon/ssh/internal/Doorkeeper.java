package io.tenon.ssh.internal;

import io.tenon.shell.api.Failures;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Bounds what strangers can take: connections that have not logged in, all together and of one address; and failures of one address,
 * after which it is answered ever more slowly, and then not at all for a while that doubles each time. Any thread.
 */
final class Doorkeeper {
  static final int MOST_STRANGERS = 16;
  static final int MOST_STRANGERS_OF_ONE = 6;
  static final int MOST_FAILURES = Failures.MOST;
  static final Duration FORGOTTEN_AFTER = Failures.FORGOTTEN_AFTER;
  static final Duration FIRST_BLOCK = Failures.FIRST_BLOCK;
  static final Duration LONGEST_BLOCK = Failures.LONGEST_BLOCK;
  private static final Duration DELAY = Duration.ofMillis(300);
  private static final int MOST_ADDRESSES = 4096;

  private final int sessions;
  private final LongSupplier nanoClock;
  private final Map<String, Visitors> byAddress = new LinkedHashMap<>();
  private int strangers;
  private int people;

  /** Those of one address. */
  private static final class Visitors {
    final Failures failures = new Failures();
    int strangers;
  }

  /**
   * @param sessions people who may be logged in at the same time
   */
  Doorkeeper(int sessions, LongSupplier nanoClock) {
    this.sessions = sessions;
    this.nanoClock = nanoClock;
  }

  /** See {@link Failures#networkOf}. */
  static String addressOf(SocketAddress remote) {
    return remote instanceof InetSocketAddress inet
        ? Failures.networkOf(inet.getAddress().getHostAddress())
        : String.valueOf(remote);
  }

  /** Whether a connection is taken. */
  synchronized boolean admits(String address) {
    var visitors = visitors(address);
    return !visitors.failures.isBlocked(nanoClock.getAsLong())
        && strangers < MOST_STRANGERS
        && visitors.strangers < MOST_STRANGERS_OF_ONE;
  }

  /** A connection was taken; {@link #left} or {@link #loggedIn} follows. */
  synchronized void comes(String address) {
    visitors(address).strangers++;
    strangers++;
  }

  /** How long whoever showed a wrong key waits for the answer. */
  synchronized Duration delay(String address) {
    return DELAY.multipliedBy(1 + visitors(address).failures.count());
  }

  /**
   * A connection has ended on which nobody logged in.
   *
   * @param failed whether a key was shown
   * @return whether the address is blocked from now on
   */
  synchronized boolean left(String address, boolean failed) {
    var visitors = visitors(address);
    visitors.strangers--;
    strangers--;
    return failed && visitors.failures.add(nanoClock.getAsLong());
  }

  /** Whether one more may log in, as things are now. */
  synchronized boolean hasRoom() {
    return people < sessions;
  }

  /** Whether there is room for one more; if so, {@link #loggedOut} follows. The connection is a stranger's no more. */
  synchronized boolean loggedIn(String address) {
    var visitors = visitors(address);
    visitors.strangers--;
    strangers--;
    visitors.failures.forget();
    if (people >= sessions) return false;
    people++;
    return true;
  }

  synchronized void loggedOut() {
    people--;
  }

  private Visitors visitors(String address) {
    var known = byAddress.get(address);
    if (known != null) return known;
    if (byAddress.size() >= MOST_ADDRESSES) forget();
    var made = new Visitors();
    byAddress.put(address, made);
    return made;
  }

  /** The oldest that has no connection; connections are fewer than addresses. */
  private void forget() {
    Iterator<Visitors> oldest = byAddress.values().iterator();
    while (oldest.hasNext()) {
      if (oldest.next().strangers > 0) continue;
      oldest.remove();
      return;
    }
  }
}
