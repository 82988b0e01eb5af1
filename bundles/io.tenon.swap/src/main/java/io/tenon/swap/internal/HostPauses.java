package io.tenon.swap.internal;

import io.tenon.nvme.ConnectionPause;
import io.tenon.nvme.ConnectionPause.State;
import io.tenon.nvme.NvmeTarget;
import io.tenon.swap.HostPause;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Watches hosts' connections while a bundle is replaced: which had to wait for a transport, and for how long. Those that wait already
 * when this is made count as well. Any thread.
 */
final class HostPauses {
  private final Supplier<Optional<NvmeTarget>> target;
  private final long madeNs = System.nanoTime();

  /** Those that were over before. */
  private final Set<ConnectionPause> old = Collections.newSetFromMap(new IdentityHashMap<>());

  private final Set<ConnectionPause> seen = Collections.newSetFromMap(new IdentityHashMap<>());

  HostPauses(Supplier<Optional<NvmeTarget>> target) {
    this.target = target;
    for (ConnectionPause pause : now()) if (pause.state() != State.WAITING) old.add(pause);
  }

  private List<ConnectionPause> now() {
    return target.get().stream()
        .flatMap(there -> there.handovers().stream())
        .flatMap(handover -> handover.connections().stream())
        .toList();
  }

  private synchronized List<ConnectionPause> look() {
    for (ConnectionPause pause : now()) if (!old.contains(pause)) seen.add(pause);
    return List.copyOf(seen);
  }

  /** That hosts wait; a sentence. To be asked now and then, for only the latest handover of a transport is there to be seen. */
  Optional<String> lacks() {
    long waiting = look().stream().filter(pause -> pause.state() == State.WAITING).count();
    if (waiting == 0) return Optional.empty();
    return Optional.of(
        waiting + " connections of hosts wait for a transport that takes what they send.");
  }

  /** By the hosts' addresses; of a connection that waited several times the longest. */
  List<HostPause> taken() {
    Map<String, HostPause> found = new TreeMap<>();
    for (ConnectionPause pause : look()) {
      String host = text(pause);
      found.merge(host, of(host, pause), HostPauses::worse);
    }
    return List.copyOf(found.values());
  }

  private HostPause of(String host, ConnectionPause pause) {
    boolean waits = pause.state() == State.WAITING;
    var took = waits ? Duration.ofNanos(System.nanoTime() - madeNs) : pause.took();
    return new HostPause(host, took, pause.state() == State.BROKEN);
  }

  /** Of two pauses of one connection. */
  static HostPause worse(HostPause one, HostPause other) {
    var longer = one.pause().compareTo(other.pause()) >= 0 ? one : other;
    return new HostPause(longer.host(), longer.pause(), one.broken() || other.broken());
  }

  private static String text(ConnectionPause pause) {
    var peer = pause.peer();
    String address = peer.getAddress().getHostAddress();
    return (address.contains(":") ? "[" + address + "]" : address) + ":" + peer.getPort();
  }
}
