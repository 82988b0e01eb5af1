package io.tenon.shell.api;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a person may do; each role may do all that those before it may. */
public enum Role {
  /** Reads. */
  VIEWER,

  /** Changes volumes: pools, replicas, nexuses and what hosts see of them. */
  OPERATOR,

  /** Changes the node itself: its bundles, its configuration, and anything that Gogo can reach. As powerful as the node's user. */
  ADMIN;

  /** Whether this one may do what {@code needed} may. */
  public boolean covers(Role needed) {
    return compareTo(needed) >= 0;
  }

  /** As people write it: {@code viewer}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Empty when the word is no role; case matters. */
  public static Optional<Role> of(String word) {
    return Arrays.stream(values()).filter(role -> role.word().equals(word)).findFirst();
  }
}
