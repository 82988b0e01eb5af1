package io.tenon.swap.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees bundles that are updated by others: the Felix shell, File Install. When one stops, what it consists of is kept and its devices
 * are watched; when it was started again without an update, that was all.
 */
final class PlainUpdates implements SynchronousBundleListener, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PlainUpdates.class);

  /** Components end before this hears that their bundle stops, and with them their devices. */
  private static final Duration STOPPED_WITHIN = Duration.ofSeconds(10);

  private final Surroundings node;
  private final Supplier<Optional<String>> requester;
  private final Predicate<Bundle> ours;
  private final Consumer<Observation> judge;
  private final Path folder;

  /** Guarded by itself. */
  private final Map<Bundle, Observation> stopped = new HashMap<>();

  /**
   * A bundle that was stopped, and what it was.
   *
   * @param by who has stopped it, for people
   */
  record Observation(
      Bundle bundle, String by, String fromVersion, WorkFolder work, Path oldJar, Attempt attempt)
      implements AutoCloseable {
    @Override
    public void close() {
      attempt.close();
      work.close();
    }
  }

  /**
   * @param requester of the thread that asks
   * @param ours bundles whose updates are nothing new
   * @param judge of an update, on a thread of its own; closes what it is given
   */
  PlainUpdates(
      Surroundings node,
      Path folder,
      Supplier<Optional<String>> requester,
      Predicate<Bundle> ours,
      Consumer<Observation> judge) {
    this.node = node;
    this.folder = folder;
    this.requester = requester;
    this.ours = ours;
    this.judge = judge;
    node.context().addBundleListener(this);
  }

  @Override
  public void close() {
    node.context().removeBundleListener(this);
    synchronized (stopped) {
      stopped.values().forEach(Observation::close);
      stopped.clear();
    }
  }

  @Override
  public void bundleChanged(BundleEvent event) {
    var bundle = event.getBundle();
    switch (event.getType()) {
      case BundleEvent.STOPPING -> stopping(bundle);
      case BundleEvent.UPDATED -> updated(bundle);
      case BundleEvent.STARTED, BundleEvent.UNINSTALLED -> forget(bundle);
      default -> {} // nothing that ends or begins something here
    }
  }

  private void stopping(Bundle bundle) {
    boolean nodeEnds = node.context().getBundle(0).getState() != Bundle.ACTIVE;
    if (nodeEnds || ours.test(bundle) || !Admission.isReplaceable(bundle)) return;
    forget(bundle);
    try {
      var work = WorkFolder.make(folder);
      var oldJar = work.path().resolve("old.jar");
      Content.save(bundle, oldJar);
      var attempt = Attempt.onStopping(node, bundle, Instant.now().minus(STOPPED_WITHIN));
      synchronized (stopped) {
        stopped.put(
            bundle,
            new Observation(
                bundle,
                requester.get().map(who -> who + ", by a plain update").orElse("a plain update"),
                bundle.getVersion().toString(),
                work,
                oldJar,
                attempt));
      }
    } catch (IOException e) {
      log.warn("bundle {}: an update of it could not be taken back", bundle, e);
    }
  }

  private void updated(Bundle bundle) {
    Observation seen;
    synchronized (stopped) {
      seen = stopped.remove(bundle);
    }
    if (seen == null) return;
    // Stopped by somebody's will, it is theirs to start; an update stops and starts it by itself.
    if (bundle.adapt(BundleStartLevel.class).isPersistentlyStarted()) {
      Thread.ofVirtual().name("plain-update").start(() -> judge.accept(seen));
    } else {
      seen.close();
    }
  }

  private void forget(Bundle bundle) {
    Observation seen;
    synchronized (stopped) {
      seen = stopped.remove(bundle);
    }
    if (seen != null) seen.close();
  }
}
