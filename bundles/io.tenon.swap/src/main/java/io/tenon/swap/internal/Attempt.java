package io.tenon.swap.internal;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceListener;
import org.osgi.framework.wiring.FrameworkWiring;

/**
 * One bundle, while other content is tried in it: what it did before must be there again, and no device and no host may wait any
 * longer.
 */
final class Attempt implements AutoCloseable {
  private final Surroundings node;
  private final Steps steps;
  private final Footprint before;
  private final Pauses pauses;
  private final HostPauses hosts;
  private final StoreWitness store;
  private final Arrival arrival = new Arrival();
  private final ServiceListener services = _ -> arrival.run();
  private boolean stuck;

  private Attempt(Surroundings node, Bundle bundle, Footprint before, Instant since) {
    this.node = node;
    this.before = before;
    steps = new Steps(bundle, node.context().getBundle(0).adapt(FrameworkWiring.class));
    pauses = new Pauses(node.devices(), arrival, since);
    hosts = new HostPauses(node.target());
    store = StoreWitness.of(node.context());
    node.context().addServiceListener(services);
  }

  static Attempt on(Surroundings node, Bundle bundle) {
    return new Attempt(node, bundle, Footprint.of(bundle, node), Instant.MAX);
  }

  /**
   * On one that somebody else is just stopping.
   *
   * @param since devices that wait since then wait because of that
   */
  static Attempt onStopping(Surroundings node, Bundle bundle, Instant since) {
    return new Attempt(node, bundle, Footprint.promised(bundle, node), since);
  }

  /**
   * Puts it in, and waits until it works.
   *
   * @return why it does not; empty when it does
   */
  Optional<String> put(Path content, long deadlineMs) throws InterruptedException {
    long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(deadlineMs);
    try {
      steps.exchange(content, endNs);
    } catch (Steps.Failed e) {
      stuck = e.stuck;
      return Optional.of(e.why);
    }
    return works(endNs);
  }

  /** Waits until it works. */
  Optional<String> works(long endNs) throws InterruptedException {
    return arrival.await(this::lacks, endNs);
  }

  private Optional<String> lacks() {
    var all =
        Stream.of(before.lacks(), pauses.lacks(), hosts.lacks(), store.lacks())
            .flatMap(Optional::stream)
            .toList();
    return all.isEmpty() ? Optional.empty() : Optional.of(String.join(" ", all));
  }

  /** Nothing can be done with this bundle until the node is started again. */
  boolean isStuck() {
    return stuck;
  }

  Waits waits() {
    return new Waits(pauses.taken(), hosts.taken());
  }

  @Override
  public void close() {
    node.context().removeServiceListener(services);
    pauses.close();
  }
}
