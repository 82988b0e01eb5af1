package io.tenon.devices.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.Handover;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.BundleRevision;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The backends that are there now, by scheme. Any thread. */
final class Providers {
  private static final Logger log = LoggerFactory.getLogger(DeviceRegistry.class);

  /**
   * A backend's service.
   *
   * @param schemes in lower case
   * @param ranking of several for a scheme the one with the highest is used
   * @param replaceable its bundle says that it can be replaced while its devices are used
   * @param onlyFor the name of the one device that it may open; any, if empty
   */
  record Source(
      DeviceProvider provider,
      List<String> schemes,
      int ranking,
      String bundle,
      String version,
      boolean replaceable,
      Optional<String> onlyFor) {
    Source {
      schemes = List.copyOf(schemes);
    }

    static Source of(
        DeviceProvider provider,
        ServiceReference<DeviceProvider> reference,
        Function<String, Optional<String>> onlyFor) {
      Bundle bundle = reference.getBundle();
      Object ranking = reference.getProperty(Constants.SERVICE_RANKING);
      String name = bundle == null ? "unknown" : bundle.getSymbolicName();
      return new Source(
          provider,
          Schemes.of(reference.getProperty(DeviceProvider.SCHEME)),
          ranking instanceof Integer rank ? rank : 0,
          name,
          bundle == null ? "" : bundle.getVersion().toString(),
          bundle != null && isReplaceable(bundle),
          onlyFor.apply(name));
    }

    private static boolean isReplaceable(Bundle bundle) {
      var revision = bundle.adapt(BundleRevision.class);
      return revision != null && !revision.getDeclaredCapabilities("tenon.swap").isEmpty();
    }

    /** Of a bundle that does not say so. */
    Source(
        DeviceProvider provider, List<String> schemes, int ranking, String bundle, String version) {
      this(provider, schemes, ranking, bundle, version, false, Optional.empty());
    }

    @SuppressWarnings("ReferenceEquality") // a service is itself, whatever its equals says
    boolean isOf(DeviceProvider candidate) {
      return provider == candidate;
    }

    /**
     * @param left of the device that was there before
     * @throws DeviceException also when the backend's code is broken
     */
    BlockDevice open(DeviceUri uri, Optional<Handover> left) throws DeviceException {
      try {
        return left.isPresent() ? provider.adopt(uri, left.get()) : provider.open(uri);
      } catch (RuntimeException | LinkageError e) {
        log.error("{} failed to open {} by a bug", who(), uri, e);
        throw new DeviceException(
            Kind.IO,
            "Block device " + uri + " was not opened.",
            who() + " is broken: " + e + ".",
            "Put another version of it in its place.",
            e);
      }
    }

    String who() {
      return "bundle " + bundle + " " + version;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final SortedMap<String, List<Source>> bySchemes = new TreeMap<>();
  private long changes;

  void add(Source source) {
    lock.lock();
    try {
      for (String scheme : source.schemes()) {
        var sources = bySchemes.computeIfAbsent(scheme, _ -> new ArrayList<>());
        sources.add(source);
        // Stable: among equals the one that came first.
        sources.sort(Comparator.comparingInt(Source::ranking).reversed());
      }
      tellChange();
    } finally {
      lock.unlock();
    }
  }

  /** The one that has this service, taken out. */
  Optional<Source> remove(DeviceProvider provider) {
    lock.lock();
    try {
      Optional<Source> removed = Optional.empty();
      for (var sources : bySchemes.values()) {
        for (Source source : sources) {
          if (source.isOf(provider)) removed = Optional.of(source);
        }
        sources.removeIf(source -> source.isOf(provider));
      }
      bySchemes.values().removeIf(List::isEmpty);
      tellChange();
      return removed;
    } finally {
      lock.unlock();
    }
  }

  private void tellChange() {
    changes++;
    changed.signalAll();
  }

  /** The one for any device. */
  Optional<Source> find(String scheme) {
    return all(scheme).stream().filter(source -> source.onlyFor().isEmpty()).findFirst();
  }

  /** The one that is there for this device alone; else that for any. */
  Optional<Source> find(String scheme, String device) {
    var only = findOnlyFor(scheme, device);
    return only.isPresent() ? only : find(scheme);
  }

  Optional<Source> findOnlyFor(String scheme, String device) {
    return all(scheme).stream()
        .filter(source -> source.onlyFor().equals(Optional.of(device)))
        .findFirst();
  }

  Source get(String uri, String scheme) throws DeviceException {
    var source = find(scheme);
    if (source.isPresent()) return source.get();
    var known = schemes();
    throw new DeviceException(
        Kind.UNKNOWN_SCHEME,
        "Device URI " + uri + " was refused.",
        "Unsupported scheme "
            + scheme
            + ": no backend of this node provides it. Known are "
            + (known.isEmpty() ? "none" : String.join(", ", known))
            + ", and bdev and loopback for devices that exist.",
        "Correct the scheme, or install a backend for it.");
  }

  boolean isThere(Source source) {
    return source.schemes().stream().anyMatch(scheme -> all(scheme).contains(source));
  }

  private List<Source> all(String scheme) {
    lock.lock();
    try {
      return List.copyOf(bySchemes.getOrDefault(scheme, List.of()));
    } finally {
      lock.unlock();
    }
  }

  List<String> schemes() {
    lock.lock();
    try {
      return bySchemes.keySet().stream().filter(scheme -> find(scheme).isPresent()).toList();
    } finally {
      lock.unlock();
    }
  }

  /** Counts comings and goings, for {@link #awaitChange}. */
  long changes() {
    lock.lock();
    try {
      return changes;
    } finally {
      lock.unlock();
    }
  }

  /** Until something has changed since {@code seen}, or the time is up. */
  void awaitChange(long seen, long timeoutNs) throws InterruptedException {
    lock.lock();
    try {
      long left = timeoutNs;
      while (changes == seen && left > 0) left = changed.awaitNanos(left);
    } finally {
      lock.unlock();
    }
  }

  /** Wakes all who wait for a change: there will be none that matters to them. */
  void wake() {
    lock.lock();
    try {
      tellChange();
    } finally {
      lock.unlock();
    }
  }
}
