package io.tenon.console.internal;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Who was let in a short while ago: a browser sends its password with each of a page's requests, and looking at a password takes tenths
 * of a second on purpose. Kept is what a key of this object's makes of it. Any thread.
 */
final class Known {
  static final Duration IDLE = Duration.ofMinutes(15);
  static final int MOST = 32;
  private static final String ALGORITHM = "HmacSHA256";
  private static final int KEY_BYTES = 32;

  private final LongSupplier nanoClock;
  private final SecretKeySpec key;
  private final Map<String, Seen> seen = new LinkedHashMap<>(MOST, 0.75f, true);

  private record Seen(String mark, long atNs) {}

  Known(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    byte[] bytes = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(bytes);
    this.key = new SecretKeySpec(bytes, ALGORITHM);
  }

  /** Null for whoever is not known. */
  synchronized @Nullable String mark(Credentials credentials) {
    String name = name(credentials);
    var found = seen.get(name);
    if (found == null) return null;
    long now = nanoClock.getAsLong();
    if (now - found.atNs() > IDLE.toNanos()) {
      seen.remove(name);
      return null;
    }
    seen.put(name, new Seen(found.mark(), now));
    return found.mark();
  }

  synchronized void remember(Credentials credentials, String mark) {
    seen.put(name(credentials), new Seen(mark, nanoClock.getAsLong()));
    if (seen.size() <= MOST) return;
    var oldest = seen.keySet().iterator();
    oldest.next();
    oldest.remove();
  }

  /** Whether they were known. */
  synchronized boolean forget(Credentials credentials) {
    return seen.remove(name(credentials)) != null;
  }

  private String name(Credentials credentials) {
    try {
      var mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      mac.update(credentials.user().getBytes(StandardCharsets.UTF_8));
      mac.update((byte) 0);
      byte[] sum = mac.doFinal(new String(credentials.password()).getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(sum);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + ALGORITHM, e);
    }
  }
}
