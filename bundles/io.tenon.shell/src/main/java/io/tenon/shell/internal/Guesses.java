package io.tenon.shell.internal;

import io.tenon.shell.api.Failures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Wrong passwords by the network that they came from. Any thread. */
final class Guesses {
  static final int MOST = Failures.MOST;
  static final Duration FORGOTTEN_AFTER = Failures.FORGOTTEN_AFTER;
  static final Duration FIRST_BLOCK = Failures.FIRST_BLOCK;
  private static final int MOST_NETWORKS = 4096;

  private final LongSupplier nanoClock;
  private final Map<String, Failures> byNetwork = new LinkedHashMap<>();

  Guesses(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  synchronized boolean isBlocked(String address) {
    var failures = byNetwork.get(Failures.networkOf(address));
    return failures != null && failures.isBlocked(nanoClock.getAsLong());
  }

  /** Whether the address is blocked from now on. */
  synchronized boolean wrong(String address) {
    var failures = byNetwork.computeIfAbsent(Failures.networkOf(address), _ -> new Failures());
    if (byNetwork.size() > MOST_NETWORKS) forgetOldest();
    return failures.add(nanoClock.getAsLong());
  }

  synchronized void good(String address) {
    byNetwork.remove(Failures.networkOf(address));
  }

  private void forgetOldest() {
    var oldest = byNetwork.keySet().iterator();
    oldest.next();
    oldest.remove();
  }
}
