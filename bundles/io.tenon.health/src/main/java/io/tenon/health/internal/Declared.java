package io.tenon.health.internal;

import java.util.Arrays;
import java.util.stream.Stream;
import org.osgi.framework.BundleContext;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRevision;

/** What the distribution's bundles say that they bring, whether they run or not. */
final class Declared {
  private Declared() {}

  static Stream<BundleCapability> all(BundleContext context, String namespace) {
    return Arrays.stream(context.getBundles())
        .map(bundle -> bundle.adapt(BundleRevision.class))
        .filter(revision -> revision != null) // null: it is uninstalled just now
        .flatMap(revision -> revision.getDeclaredCapabilities(namespace).stream());
  }

  static boolean any(BundleContext context, String namespace) {
    return all(context, namespace).findAny().isPresent();
  }
}
