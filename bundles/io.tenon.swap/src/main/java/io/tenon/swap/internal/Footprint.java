package io.tenon.swap.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceOwner;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.nvme.ConnectionOwner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a bundle does in the framework: its services, its components that work, its schemes. */
final class Footprint {
  private static final String BACKEND = "tenon.backend";

  private static final Logger log = LoggerFactory.getLogger(SwapService.class);

  private final Bundle bundle;
  private final Surroundings node;
  private final Map<String, Integer> services = new TreeMap<>();
  private final Set<String> components = new TreeSet<>();
  private final Set<String> schemes = new TreeSet<>();

  private Footprint(Bundle bundle, Surroundings node) {
    this.bundle = bundle;
    this.node = node;
  }

  /** Of a bundle that runs. */
  static Footprint of(Bundle bundle, Surroundings node) {
    var found = new Footprint(bundle, node);
    found.services.putAll(found.servicesNow());
    for (var working : found.configurations()) {
      if (works(working)) found.components.add(working.description.name);
    }
    found.schemes.addAll(found.schemesNow());
    return found;
  }

  /** Of one that is stopping, and so has lost some of it already: what its manifest promises of schemes. */
  static Footprint promised(Bundle bundle, Surroundings node) {
    var found = new Footprint(bundle, node);
    var revision = bundle.adapt(BundleRevision.class);
    for (var capability : revision.getDeclaredCapabilities(BACKEND)) {
      Object scheme = capability.getAttributes().get(DeviceProvider.SCHEME);
      if (scheme instanceof Iterable<?> several)
        several.forEach(one -> found.schemes.add("" + one));
      else if (scheme != null) found.schemes.add(scheme.toString());
    }
    return found;
  }

  /** Its block devices that are there now: of its schemes, and those that it has made and lists one by one. */
  List<DeviceSlot> devices() {
    var owner = owner(bundle, node);
    var found = new ArrayList<DeviceSlot>();
    for (DeviceSlot slot : node.devices().all()) {
      if (isOfSchemes(slot) || owner.filter(one -> one.has(slot)).isPresent()) found.add(slot);
    }
    return found;
  }

  /** It has opened the device by a URI. */
  boolean isOfSchemes(DeviceSlot slot) {
    try {
      return schemes.contains(DeviceUri.parse(slot.uri()).scheme());
    } catch (DeviceException e) {
      log.trace("{} was opened by no URI", slot, e);
      return false;
    }
  }

  /**
   * Who has made devices: of this bundle, or with a service of it. The framework takes the service back by itself when the bundle goes.
   */
  static Optional<DeviceOwner> owner(Bundle bundle, Surroundings node) {
    var own = registered(bundle).filter(Footprint::isOwner).filter(one -> tried(one).isEmpty());
    return first(Stream.concat(own, makers(bundle, node).stream()), node, DeviceOwner.class);
  }

  /** Who serves hosts' connections, of this bundle; likewise. */
  static Optional<ConnectionOwner> connections(Bundle bundle, Surroundings node) {
    var own =
        registered(bundle)
            .filter(reference -> types(reference).contains(ConnectionOwner.class.getName()));
    return first(own, node, ConnectionOwner.class);
  }

  private static <S> Optional<S> first(
      Stream<ServiceReference<?>> references, Surroundings node, Class<S> type) {
    return references
        .map(reference -> node.context().getService(reference))
        .filter(Objects::nonNull)
        .map(type::cast)
        .findFirst();
  }

  /** One that is there for a trial has a maker of its own, and is nobody else's. */
  private static List<ServiceReference<?>> makers(Bundle bundle, Surroundings node) {
    boolean isTrial = bundle.getHeaders("").get(DeviceOwner.TRIAL_HEADER) != null;
    var its = registered(bundle).flatMap(reference -> types(reference).stream()).toList();
    var found = new ArrayList<ServiceReference<?>>();
    for (Bundle other : node.context().getBundles()) {
      registered(other)
          .filter(Footprint::isOwner)
          .filter(
              owner ->
                  isTrial
                      ? tried(owner).equals(Optional.of(bundle.getSymbolicName()))
                      : tried(owner).isEmpty() && its.contains(madeWith(owner)))
          .forEach(found::add);
    }
    return found;
  }

  private static boolean isOwner(ServiceReference<?> reference) {
    return types(reference).contains(DeviceOwner.class.getName());
  }

  private static Optional<Object> tried(ServiceReference<?> owner) {
    return Optional.ofNullable(owner.getProperty(DeviceOwner.TRIES));
  }

  private static String madeWith(ServiceReference<?> owner) {
    return owner.getProperty(DeviceOwner.MADE_WITH) instanceof String type ? type : "";
  }

  private static Stream<ServiceReference<?>> registered(Bundle bundle) {
    var all = bundle.getState() == Bundle.ACTIVE ? bundle.getRegisteredServices() : null;
    return all == null ? Stream.empty() : Stream.of(all);
  }

  private static List<String> types(ServiceReference<?> reference) {
    return reference.getProperty(Constants.OBJECTCLASS) instanceof String[] types
        ? List.of(types)
        : List.of();
  }

  /** By interface. */
  List<String> services() {
    return List.copyOf(services.keySet());
  }

  private Map<String, Integer> servicesNow() {
    var found = new TreeMap<String, Integer>();
    registered(bundle)
        .flatMap(reference -> types(reference).stream())
        .forEach(type -> found.merge(type, 1, Integer::sum));
    return found;
  }

  private Set<String> schemesNow() {
    var found = new HashSet<String>();
    for (var backend : node.devices().backends()) {
      if (backend.bundle().equals(bundle.getSymbolicName())) found.add(backend.scheme());
    }
    return found;
  }

  private List<ComponentConfigurationDTO> configurations() {
    var found = new ArrayList<ComponentConfigurationDTO>();
    for (var description : node.runtime().getComponentDescriptionDTOs(bundle)) {
      found.addAll(node.runtime().getComponentConfigurationDTOs(description));
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
