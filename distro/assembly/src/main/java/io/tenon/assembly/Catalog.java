package io.tenon.assembly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.resource.Capability;
import org.osgi.resource.Requirement;
import org.osgi.resource.Resource;

/**
 * The bundles that a distribution can be made of, and what each provides and requires. They lie in a framework that is never started:
 * it reads their manifests as the node's own does, and knows what the framework and this Java provide.
 */
final class Catalog implements AutoCloseable {
  private static final long STOPS_WITHIN_MS = 30_000;

  private final Path storage;
  private final Framework framework;
  private final List<Candidate> candidates = new ArrayList<>();
  private final List<String> passedOver = new ArrayList<>();
  private final Map<String, List<Capability>> offers = new HashMap<>();
  private final IdentityHashMap<Requirement, List<Capability>> found = new IdentityHashMap<>();

  private Catalog(Path storage, Framework framework) {
    this.storage = storage;
    this.framework = framework;
  }

  /** With nothing in it but what the framework itself provides. */
  static Catalog open() throws IOException, BundleException {
    Path storage = Files.createTempDirectory("tenon-distro");
    var settings = new HashMap<String, String>();
    settings.put(Constants.FRAMEWORK_STORAGE, storage.resolve("framework").toString());
    settings.put(Constants.FRAMEWORK_BSNVERSION, Constants.FRAMEWORK_BSNVERSION_MULTIPLE);
    settings.put("felix.log.level", "0");
    FrameworkFactory factory = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow();
    var catalog = new Catalog(storage, factory.newFramework(settings));
    catalog.framework.init();
    catalog.offer(catalog.system());
    return catalog;
  }

  /** Each jar of a folder; what is no bundle is passed over, and so is what is there already. */
  void addAll(List<Path> jars, boolean own) throws RefusedException {
    for (Path jar : jars) {
      if (!add(jar, own)) passedOver.add(jar + ": it is no bundle");
    }
  }

  /**
   * @return false when it is no bundle
   */
  boolean add(Path jar, boolean own) throws RefusedException {
    Bundle bundle;
    try {
      bundle = framework.getBundleContext().installBundle("reference:" + jar.toUri());
    } catch (BundleException e) {
      throw new RefusedException(
          jar + " was not read.", String.valueOf(e.getMessage()), "Take it out of the folder.", e);
    }
    if (bundle.getSymbolicName() == null) return false;
    var candidate = new Candidate(jar, own, revision(bundle));
    for (Candidate before : candidates) {
      if (!before.toString().equals(candidate.toString())) continue;
      passedOver.add(jar + ": " + candidate + " is there already, as " + before.file());
      return true;
    }
    candidates.add(candidate);
    offer(candidate.revision());
    return true;
  }

  private static BundleRevision revision(Bundle bundle) {
    BundleRevision revision = bundle.adapt(BundleRevision.class);
    if (revision == null) throw new IllegalStateException(bundle + " has no revision");
    return revision;
  }

  private BundleRevision system() {
    return revision(framework);
  }

  private void offer(BundleRevision revision) {
    for (BundleCapability capability : revision.getDeclaredCapabilities(null)) {
      offers.computeIfAbsent(capability.getNamespace(), _ -> new ArrayList<>()).add(capability);
    }
    found.clear();
  }

  /** What a recipe asks for, as the requirements of a bundle that provides nothing. */
  BundleRevision asked(Recipe recipe) throws RefusedException {
    forget(recipe);
    return header("asked", recipe.requireCapability());
  }

  private void forget(Recipe recipe) throws RefusedException {
    if (recipe.never().isEmpty()) return;
    Set<Resource> never = new HashSet<>();
    for (Requirement one : requirements(header("never", recipe.neverCapability()))) {
      for (Capability capability : providers(one)) never.add(capability.getResource());
    }
    candidates.removeIf(candidate -> never.contains(candidate.revision()));
    offers.values().forEach(all -> all.removeIf(one -> never.contains(one.getResource())));
    found.clear();
  }

  private BundleRevision header(String name, String requireCapability) throws RefusedException {
    var manifest = new Manifest();
    Attributes headers = manifest.getMainAttributes();
    headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    headers.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
    headers.putValue(Constants.BUNDLE_SYMBOLICNAME, name);
    headers.putValue(Constants.REQUIRE_CAPABILITY, requireCapability);
    Path jar = storage.resolve(name + ".jar");
    try {
      new JarOutputStream(Files.newOutputStream(jar), manifest).close();
      return revision(framework.getBundleContext().installBundle("reference:" + jar.toUri()));
    } catch (IOException | BundleException e) {
      throw new RefusedException(
          "What is asked for was not understood: " + requireCapability + ".",
          String.valueOf(e.getMessage()),
          "Write it as tenon.feature;filter:='(tenon.feature=shell)'.",
          e);
    }
  }

  /** What must be there for it to work, whether the framework minds or only this resolver. */
  static List<Requirement> requirements(Resource resource) {
    var all = new ArrayList<Requirement>();
    for (Requirement requirement : resource.getRequirements(null)) {
      if (!isOptional(requirement)) all.add(requirement);
    }
    return all;
  }

  /** Also what is imported only when some class asks for it (DynamicImport-Package). */
  static boolean isOptional(Requirement requirement) {
    String resolution = requirement.getDirectives().get(Constants.RESOLUTION_DIRECTIVE);
    return resolution != null && !resolution.equals(Constants.RESOLUTION_MANDATORY);
  }

  /** In no order that means anything. */
  List<Capability> providers(Requirement requirement) {
    return found.computeIfAbsent(requirement, this::match);
  }

  private List<Capability> match(Requirement requirement) {
    var matching = new ArrayList<Capability>();
    for (Capability capability : offers.getOrDefault(requirement.getNamespace(), List.of())) {
      if (requirement instanceof BundleRequirement asked
          && capability instanceof BundleCapability offered
          && asked.matches(offered)) {
        matching.add(capability);
      }
    }
    return matching;
  }

  boolean isSystem(Resource resource) {
    return resource.equals(system());
  }

  List<Candidate> candidates() {
    return candidates;
  }

  Optional<Candidate> of(Resource resource) {
    return candidates.stream().filter(one -> one.revision().equals(resource)).findFirst();
  }

  /** Jars that are not among the candidates, and why. */
  List<String> passedOver() {
    return passedOver;
  }

  /** The names of a kind that a candidate provides. */
  static Set<String> names(Candidate candidate, Kind kind) {
    var names = new TreeSet<String>();
    for (BundleCapability capability :
        candidate.revision().getDeclaredCapabilities(kind.namespace)) {
      Object value = capability.getAttributes().get(kind.attribute);
      if (value instanceof Collection<?> several) several.forEach(one -> names.add("" + one));
      else if (value != null) names.add(value.toString());
    }
    return names;
  }

  Set<String> names(Kind kind) {
    var names = new TreeSet<String>();
    for (Candidate candidate : candidates) names.addAll(names(candidate, kind));
    return names;
  }

  /** Resources that every solution has, since nothing else provides what they do. */
  Set<Resource> unavoidable(Resource root) {
    Set<Resource> known = new HashSet<>();
    var open = new ArrayList<Resource>(List.of(root));
    while (!open.isEmpty()) {
      for (Requirement requirement : requirements(open.removeLast())) {
        Set<Resource> providers = new HashSet<>();
        for (Capability one : providers(requirement)) providers.add(one.getResource());
        if (providers.size() == 1) {
          Resource only = providers.iterator().next();
          if (known.add(only)) open.add(only);
        }
      }
    }
    return known;
  }

  @Override
  public void close() throws IOException, BundleException {
    framework.stop();
    try {
      var _ = framework.waitForStop(STOPS_WITHIN_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Folders.delete(storage);
  }
}
