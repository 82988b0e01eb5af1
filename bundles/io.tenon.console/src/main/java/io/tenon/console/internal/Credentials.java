package io.tenon.console.internal;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** What a browser sends with each request: HTTP's Basic scheme, RFC 7617. */
final class Credentials {
  private static final String SCHEME = "Basic ";

  private final String user;
  private final char[] password;

  private Credentials(String user, char[] password) {
    this.user = user;
    this.password = password;
  }

  /** Null when there are none. */
  static @Nullable Credentials of(@Nullable String header) {
    if (header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) return null;
    try {
      byte[] bytes = Base64.getDecoder().decode(header.substring(SCHEME.length()).strip());
      String both = new String(bytes, StandardCharsets.UTF_8);
      int colon = both.indexOf(':');
      if (colon < 0) return null;
      return new Credentials(both.substring(0, colon), both.substring(colon + 1).toCharArray());
    } catch (IllegalArgumentException e) {
      return null; // no Base64; it is asked for again
    }
  }

  String user() {
    return user;
  }

  char[] password() {
    return password.clone();
  }

  /** Without the password. */
  @Override
  public String toString() {
    return user;
  }
}
