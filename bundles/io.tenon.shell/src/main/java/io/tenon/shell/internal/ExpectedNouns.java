package io.tenon.shell.internal;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.component.runtime.ServiceComponentRuntime;

/**
 * The nouns of this bundle that a distribution will have: those for whose services it has a bundle. A distribution without pools has
 * no {@code tenon:pool}, and is ready all the same.
 */
final class ExpectedNouns {
  /** Compendium 135.2. */
  private static final String SERVICE_NAMESPACE = "osgi.service";

  private static final String OBJECT_CLASS = "objectClass";

  private ExpectedNouns() {}

  /** By the names of their classes. */
  static Set<String> of(BundleContext context, ServiceComponentRuntime runtime) {
    var offered = services(context);
    return runtime.getComponentDescriptionDTOs(context.getBundle()).stream()
        .filter(
            component -> Arrays.asList(component.serviceInterfaces).contains(Noun.class.getName()))
        .filter(
            component ->
                Arrays.stream(component.references)
                    .allMatch(
                        reference ->
                            reference.cardinality.startsWith("0")
                                || offered.contains(reference.interfaceName)
                                || context.getServiceReference(reference.interfaceName) != null))
        .map(component -> component.implementationClass)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Whatever some bundle says that it registers. They are all installed before one is started. */
  private static Set<String> services(BundleContext context) {
    var offered = new HashSet<String>();
    for (Bundle bundle : context.getBundles()) {
      var revision = bundle.adapt(BundleRevision.class);
      if (revision == null) continue; // it is uninstalled just now
      for (var capability : revision.getDeclaredCapabilities(SERVICE_NAMESPACE)) {
        var names = capability.getAttributes().get(OBJECT_CLASS);
        if (names instanceof Iterable<?> several) several.forEach(name -> offered.add("" + name));
      }
    }
    return offered;
  }
}
