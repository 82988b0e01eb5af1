package io.tenon.swap.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;

/** What a bundle does in the framework: its services, its components that work, its schemes. */
final class Footprint {
  private static final String BACKEND = "tenon.backend";

  private final Bundle bundle;
  private final ServiceComponentRuntime runtime;
  private final BlockDevices devices;
  private final Map<String, Integer> services = new TreeMap<>();
  private final Set<String> components = new TreeSet<>();
  private final Set<String> schemes = new TreeSet<>();

  private Footprint(Bundle bundle, ServiceComponentRuntime runtime, BlockDevices devices) {
    this.bundle = bundle;
    this.runtime = runtime;
    this.devices = devices;
  }

  /** Of a bundle that runs. */
  static Footprint of(Bundle bundle, Surroundings node) {
    var found = new Footprint(bundle, node.runtime(), node.devices());
    found.services.putAll(found.servicesNow());
    for (var working : found.configurations()) {
      if (works(working)) found.components.add(working.description.name);
    }
    found.schemes.addAll(found.schemesNow());
    return found;
  }

  /** Of one that is stopping, and so has lost some of it already: what its manifest promises of schemes. */
  static Footprint promised(Bundle bundle, Surroundings node) {
    var found = new Footprint(bundle, node.runtime(), node.devices());
    var revision = bundle.adapt(BundleRevision.class);
    for (var capability : revision.getDeclaredCapabilities(BACKEND)) {
      Object scheme = capability.getAttributes().get(DeviceProvider.SCHEME);
      if (scheme instanceof Iterable<?> several)
        several.forEach(one -> found.schemes.add("" + one));
      else if (scheme != null) found.schemes.add(scheme.toString());
    }
    return found;
  }

  boolean provides(String scheme) {
    return schemes.contains(scheme);
  }

  /** By interface. */
  List<String> services() {
    return List.copyOf(services.keySet());
  }

  private Map<String, Integer> servicesNow() {
    var found = new TreeMap<String, Integer>();
    ServiceReference<?>[] registered =
        bundle.getState() == Bundle.ACTIVE ? bundle.getRegisteredServices() : null;
    if (registered == null) return found;
    for (ServiceReference<?> reference : registered) {
      if (reference.getProperty(Constants.OBJECTCLASS) instanceof String[] types) {
        for (String type : types) found.merge(type, 1, Integer::sum);
      }
    }
    return found;
  }

  private Set<String> schemesNow() {
    var found = new HashSet<String>();
    for (var backend : devices.backends()) {
      if (backend.bundle().equals(bundle.getSymbolicName())) found.add(backend.scheme());
    }
    return found;
  }

  private List<ComponentConfigurationDTO> configurations() {
    var found = new ArrayList<ComponentConfigurationDTO>();
    for (var description : runtime.getComponentDescriptionDTOs(bundle)) {
      found.addAll(runtime.getComponentConfigurationDTOs(description));
    }
    return found;
  }

  private static boolean works(ComponentConfigurationDTO configuration) {
    return configuration.state == ComponentConfigurationDTO.ACTIVE
        || configuration.state == ComponentConfigurationDTO.SATISFIED;
  }

  /** What is not there that was there when this was made; a sentence. */
  Optional<String> lacks() {
    if (bundle.getState() != Bundle.ACTIVE) return Optional.of("It does not run.");
    var working = new HashSet<String>();
    var troubles = new TreeMap<String, String>();
    for (var configuration : configurations()) {
      String name = configuration.description.name;
      if (works(configuration)) working.add(name);
      else troubles.put(name, trouble(configuration));
    }
    for (String name : components) {
      if (working.contains(name)) continue;
      return Optional.of(
          "Its component " + name + troubles.getOrDefault(name, " is not there") + ".");
    }
    var now = servicesNow();
    for (var service : services.entrySet()) {
      if (now.getOrDefault(service.getKey(), 0) >= service.getValue()) continue;
      return Optional.of("Its service " + service.getKey() + " is not there.");
    }
    var present = schemesNow();
    for (String scheme : schemes) {
      if (present.contains(scheme)) continue;
      return Optional.of(
          "It does not provide scheme "
              + scheme
              + "; the node's log has the reason, if it gave one.");
    }
    return Optional.empty();
  }

  private static String trouble(ComponentConfigurationDTO configuration) {
    if (configuration.failure != null && !configuration.failure.isEmpty()) {
      return " failed: " + configuration.failure.lines().findFirst().orElse("");
    }
    var waits =
        Arrays.stream(configuration.unsatisfiedReferences)
            .map(reference -> reference.name)
            .toList();
    return " waits for " + String.join(", ", waits);
  }
}
