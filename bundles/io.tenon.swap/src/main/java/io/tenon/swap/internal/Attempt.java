package io.tenon.swap.internal;

import io.tenon.block.BlockDevices;
import io.tenon.swap.DevicePause;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceListener;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.service.component.runtime.ServiceComponentRuntime;

/** One bundle, while other content is tried in it: what it did before must be there again, and no device may wait any longer. */
final class Attempt implements AutoCloseable {
  private final BundleContext context;
  private final Steps steps;
  private final Footprint before;
  private final Pauses pauses;
  private final Arrival arrival = new Arrival();
  private final ServiceListener services = _ -> arrival.run();
  private boolean stuck;

  private Attempt(
      BundleContext context, Bundle bundle, Footprint before, BlockDevices devices, Instant since) {
    this.context = context;
    this.before = before;
    steps = new Steps(bundle, context.getBundle(0).adapt(FrameworkWiring.class));
    pauses = new Pauses(devices, arrival, since);
    context.addServiceListener(services);
  }

  static Attempt on(
      BundleContext context, Bundle bundle, ServiceComponentRuntime runtime, BlockDevices devices) {
    var before = Footprint.of(bundle, runtime, devices);
    return new Attempt(context, bundle, before, devices, Instant.MAX);
  }

  /**
   * On one that somebody else is just stopping.
   *
   * @param since devices that wait since then wait because of that
   */
  static Attempt onStopping(
      BundleContext context,
      Bundle bundle,
      ServiceComponentRuntime runtime,
      BlockDevices devices,
      Instant since) {
    var before = Footprint.promised(bundle, runtime, devices);
    return new Attempt(context, bundle, before, devices, since);
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
    var all = Stream.of(before.lacks(), pauses.lacks()).flatMap(Optional::stream).toList();
    return all.isEmpty() ? Optional.empty() : Optional.of(String.join(" ", all));
  }

  /** Nothing can be done with this bundle until the node is started again. */
  boolean isStuck() {
    return stuck;
  }

  List<DevicePause> pauses() {
    return pauses.taken();
  }

  @Override
  public void close() {
    context.removeServiceListener(services);
    pauses.close();
  }
}
