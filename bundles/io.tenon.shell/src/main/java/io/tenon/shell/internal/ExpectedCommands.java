package io.tenon.shell.internal;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.felix.service.command.CommandProcessor;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;

/**
 * The commands of this bundle that a distribution will have: those for whose services it has a bundle. A distribution without pools has
 * no {@code tenon:pool}, and is ready all the same.
 */
final class ExpectedCommands {
  /** Compendium 135.2. */
  private static final String SERVICE_NAMESPACE = "osgi.service";

  private static final String OBJECT_CLASS = "objectClass";

  private ExpectedCommands() {}

  /** As Gogo names them, {@code tenon:pool}. */
  static Set<String> of(BundleContext context, ServiceComponentRuntime runtime) {
    var offered = services(context);
    return runtime.getComponentDescriptionDTOs(context.getBundle()).stream()
        .filter(
            component ->
                Arrays.stream(component.references)
                    .allMatch(
                        reference ->
                            reference.cardinality.startsWith("0")
                                || offered.contains(reference.interfaceName)
                                || context.getServiceReference(reference.interfaceName) != null))
        .flatMap(component -> command(component).stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Whatever some bundle says that it registers. */
  private static Set<String> services(BundleContext context) {
    var offered = new HashSet<String>();
    for (Bundle bundle : context.getBundles()) {
      var wiring = bundle.adapt(BundleWiring.class);
      if (wiring == null) continue;
      for (var capability : wiring.getCapabilities(SERVICE_NAMESPACE)) {
        var names = capability.getAttributes().get(OBJECT_CLASS);
        if (names instanceof Iterable<?> several) several.forEach(name -> offered.add("" + name));
      }
    }
    return offered;
  }

  private static Optional<String> command(ComponentDescriptionDTO component) {
    var scope = component.properties.get(CommandProcessor.COMMAND_SCOPE);
    var function = component.properties.get(CommandProcessor.COMMAND_FUNCTION);
    return scope == null || function == null
        ? Optional.empty()
        : Optional.of(scope + ":" + function);
  }
}
