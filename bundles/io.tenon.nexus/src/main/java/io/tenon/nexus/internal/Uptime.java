package io.tenon.nexus.internal;

import io.tenon.reactor.Reactor;

/** How long the nexuses of this node have been there: of what the node did before they know nothing. */
final class Uptime {
  private final Reactor home;

  // Home reactor.
  private long startNs;

  Uptime(Reactor home) {
    this.home = home;
    home.execute(() -> startNs = home.nowNs());
  }

  /** Home reactor. */
  long ns() {
    return home.nowNs() - startNs;
  }
}
