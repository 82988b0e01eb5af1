package io.tenon.assembly;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.felix.resolver.Logger;
import org.apache.felix.resolver.ResolverImpl;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;
import org.osgi.resource.Capability;
import org.osgi.resource.Requirement;
import org.osgi.resource.Resource;
import org.osgi.resource.Wire;
import org.osgi.resource.Wiring;
import org.osgi.service.resolver.HostedCapability;
import org.osgi.service.resolver.ResolutionException;
import org.osgi.service.resolver.ResolveContext;

/** The bundles that together have what was asked for and all that these need, and who needs whom. */
final class Resolution {
  private final Catalog catalog;
  private final Resource root;
  private final Map<Resource, List<Wire>> wires;

  private Resolution(Catalog catalog, Resource root, Map<Resource, List<Wire>> wires) {
    this.catalog = catalog;
    this.root = root;
    this.wires = wires;
  }

  /**
   * @param name of what is being made, for the sentence that says why not
   */
  static Resolution of(Catalog catalog, Recipe recipe, String name) throws RefusedException {
    Resource root = catalog.asked(recipe);
    Missing.refuse(catalog, root, name);
    try {
      var wires =
          new ResolverImpl(new Logger(0), Runnable::run).resolve(new Context(catalog, root));
      var resolution = new Resolution(catalog, root, wires);
      resolution.refuseTwoVersions(name);
      return resolution;
    } catch (ResolutionException e) {
      throw new RefusedException(
          name + " was not resolved: its parts do not fit together.",
          String.valueOf(e.getMessage()),
          "Leave out one of what contradicts itself.",
          e);
    }
  }

  /** By name. */
  List<Candidate> bundles() {
    return catalog.candidates().stream()
        .filter(candidate -> wires.containsKey(candidate.revision()))
        .sorted(Candidate.BY_NAME)
        .toList();
  }

  private void refuseTwoVersions(String name) throws RefusedException {
    var byName = new HashMap<String, Candidate>();
    for (Candidate candidate : bundles()) {
      Candidate other = byName.put(candidate.name(), candidate);
      if (other == null) continue;
      throw new RefusedException(
          name + " was not resolved: it would have " + other + " and " + candidate + ".",
          "A bundle is in a distribution once.",
          "Take one of the two out of the folders, or ask for less.");
    }
  }

  /** Bundles that directly need this one, and what for. */
  Set<String> needs(Resource wanted) {
    var lines = new TreeSet<String>();
    wires.forEach(
        (who, all) -> {
          for (Wire wire : all) {
            if (wire.getProvider().equals(wanted) && !who.equals(wanted)) {
              lines.add(who(who) + " " + Wording.of(wire.getRequirement()));
            }
          }
        });
    return lines;
  }

  /** The shortest way from what was asked to a bundle, a sentence a step; empty when there is none. */
  List<String> chain(Resource wanted) {
    var how = new HashMap<Resource, Wire>();
    var open = new ArrayDeque<Resource>(List.of(root));
    while (!open.isEmpty() && !how.containsKey(wanted)) {
      Resource next = open.removeFirst();
      for (Wire wire : wires.getOrDefault(next, List.of())) {
        if (how.putIfAbsent(wire.getProvider(), wire) == null) open.add(wire.getProvider());
      }
    }
    var steps = new ArrayList<String>();
    Resource at = wanted;
    for (Wire wire = how.get(at); wire != null && !at.equals(root); wire = how.get(at)) {
      at = wire.getRequirer();
      steps.addFirst(who(at) + " " + Wording.of(wire.getRequirement()));
    }
    return steps;
  }

  private String who(Resource resource) {
    if (resource.equals(root)) return "You asked for";
    return catalog.of(resource).map(one -> one.name() + " needs").orElse("The framework needs");
  }

  /** What the resolver may choose from, and what it should like better. */
  private static final class Context extends ResolveContext {
    private final Catalog catalog;
    private final Resource root;
    private final Comparator<Capability> liking;

    Context(Catalog catalog, Resource root) {
      this.catalog = catalog;
      this.root = root;
      Set<Resource> unavoidable = catalog.unavoidable(root);
      this.liking =
          Comparator.comparing(
                  (Capability one) ->
                      !catalog.isSystem(one.getResource())
                          && !unavoidable.contains(one.getResource()))
              .thenComparing(Context::version, Comparator.reverseOrder())
              .thenComparing(one -> name(one.getResource()))
              .thenComparing(this::bundleVersion, Comparator.reverseOrder());
    }

    private static Version version(Capability capability) {
      Object version = capability.getAttributes().get(Constants.VERSION_ATTRIBUTE);
      return version instanceof Version known ? known : Version.emptyVersion;
    }

    private String name(Resource resource) {
      return catalog.of(resource).map(Candidate::name).orElse("");
    }

    private Version bundleVersion(Capability capability) {
      return catalog
          .of(capability.getResource())
          .map(Candidate::version)
          .orElse(Version.emptyVersion);
    }

    @Override
    public Collection<Resource> getMandatoryResources() {
      return List.of(root);
    }

    /** What is optional comes only when something else brings it. */
    @Override
    public List<Capability> findProviders(Requirement requirement) {
      var providers = new ArrayList<Capability>();
      if (!Catalog.isOptional(requirement)) providers.addAll(catalog.providers(requirement));
      providers.sort(liking);
      return providers;
    }

    @Override
    public int insertHostedCapability(List<Capability> capabilities, HostedCapability hosted) {
      capabilities.add(hosted);
      return capabilities.size() - 1;
    }

    /** Also what the framework leaves to others: services, features, schemes. */
    @Override
    public boolean isEffective(Requirement requirement) {
      return true;
    }

    @Override
    public Map<Resource, Wiring> getWirings() {
      return Map.of();
    }
  }
}
