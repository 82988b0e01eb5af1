package io.tenon.shell.internal;

import io.tenon.shell.api.Failures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Wrong passwords by the address that they came from. Any thread. */
final class Guesses {
  static final int MOST = Failures.MOST;
  static final Duration FORGOTTEN_AFTER = Failures.FORGOTTEN_AFTER;
  static final Duration FIRST_BLOCK = Failures.FIRST_BLOCK;
  private static final int MOST_ADDRESSES = 4096;

  private final LongSupplier nanoClock;
  private final Map<String, Failures> byAddress = new LinkedHashMap<>();

  Guesses(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  synchronized boolean isBlocked(String address) {
    var failures = byAddress.get(address);
    return failures != null && failures.isBlocked(nanoClock.getAsLong());
  }

  /** Whether the address is blocked from now on. */
  synchronized boolean wrong(String address) {
    var failures = byAddress.computeIfAbsent(address, _ -> new Failures());
    if (byAddress.size() > MOST_ADDRESSES) forgetOldest();
    return failures.add(nanoClock.getAsLong());
  }

  synchronized void good(String address) {
    byAddress.remove(address);
  }

  private void forgetOldest() {
    var oldest = byAddress.keySet().iterator();
    oldest.next();
    oldest.remove();
  }
}
