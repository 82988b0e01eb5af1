package io.tenon.swap.internal;

import io.tenon.swap.SwapException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.resource.Namespace;

/**
 * Whether a jar can take a bundle's place in this framework, found out without touching the bundle. The framework reads the jar's
 * manifest, without its content, as that of a bundle of another name, which is gone again before it was ever resolved.
 */
final class Admission {
  /** Namespace of the capability by which a bundle says that it hands over what it serves. */
  static final String REPLACEABLE = "tenon.swap";

  private static final String TRIAL = "io.tenon.swap.trial";
  private static final String SERVICE = "osgi.service";

  private final BundleContext context;
  private final FrameworkWiring wiring;

  Admission(BundleContext context) {
    this.context = context;
    this.wiring = context.getBundle(0).adapt(FrameworkWiring.class);
  }

  static boolean isReplaceable(Bundle bundle) {
    var revision = bundle.adapt(BundleRevision.class);
    return revision != null && !revision.getDeclaredCapabilities(REPLACEABLE).isEmpty();
  }

  /** Whether it may be replaced at all, whatever by. */
  void checkOld(Bundle old) throws SwapException {
    String name = old.getSymbolicName();
    if (!isReplaceable(old)) {
      throw Refusals.refused(
          name,
          "It does not say that it hands over what it serves, so its users would be cut off.",
          "Replace it while nobody uses the node. A bundle that can be replaced has the capability "
              + REPLACEABLE
              + ".");
    }
    if (old.getState() != Bundle.ACTIVE) {
      throw Refusals.refused(
          name, "It does not run.", "Start it, or update it in the Felix shell.");
    }
    var others = new TreeSet<String>();
    for (Bundle touched : wiring.getDependencyClosure(List.of(old))) {
      if (!touched.equals(old)) others.add(touched.getSymbolicName());
    }
    if (!others.isEmpty()) {
      throw Refusals.refused(
          name,
          "Others use its packages and would be stopped with it: "
              + String.join(", ", others)
              + ".",
          "Replace it while nobody uses the node.");
    }
  }

  /**
   * @param olderToo when an earlier version will do
   */
  void check(Bundle old, Candidate candidate, boolean olderToo) throws SwapException {
    String name = old.getSymbolicName();
    if (!candidate.symbolicName().equals(name)) {
      throw Refusals.refused(
          name,
          candidate.origin() + " is another bundle, " + candidate.symbolicName() + ".",
          "Give a jar of " + name + ".");
    }
    if (!olderToo && candidate.version().compareTo(old.getVersion()) < 0) {
      throw Refusals.refused(
          name,
          "%s is version %s, older than %s, which runs."
              .formatted(candidate.origin(), candidate.version(), old.getVersion()),
          "Give a newer one, or say --back for that of the distribution.");
    }
    Bundle trial = install(name, candidate.manifest());
    try {
      checkRevisions(name, old, trial);
    } finally {
      uninstall(name, trial);
    }
  }

  private Bundle install(String name, Manifest manifest) throws SwapException {
    var headers = new Manifest(manifest);
    headers.getEntries().clear();
    Attributes main = headers.getMainAttributes();
    main.putValue(Constants.BUNDLE_SYMBOLICNAME, TRIAL);
    for (String active : Set.of(Constants.BUNDLE_ACTIVATOR, "Service-Component")) {
      main.remove(new Attributes.Name(active));
    }
    try {
      var jar = new ByteArrayOutputStream();
      new JarOutputStream(jar, headers).close();
      return context.installBundle(TRIAL + ":" + name, new ByteArrayInputStream(jar.toByteArray()));
    } catch (IOException | BundleException e) {
      throw Refusals.refused(
          name,
          "The framework does not understand the new bundle: " + e.getMessage() + ".",
          "Give a bundle's jar.");
    }
  }

  private static void uninstall(String name, Bundle trial) throws SwapException {
    try {
      trial.uninstall();
    } catch (BundleException e) {
      throw Refusals.refused(name, "The framework refused: " + e.getMessage() + ".", "");
    }
  }

  private void checkRevisions(String name, Bundle old, Bundle trial) throws SwapException {
    var revision = trial.adapt(BundleRevision.class);
    if (!revision.getDeclaredCapabilities(PackageNamespace.PACKAGE_NAMESPACE).isEmpty()) {
      throw Refusals.refused(
          name,
          "The new one exports packages, so that it could not be replaced alone ever after.",
          "Keep its interfaces in a bundle of their own.");
    }
    var missing = new ArrayList<String>();
    for (BundleRequirement requirement : revision.getDeclaredRequirements(null)) {
      if (isNeeded(requirement) && !isThere(requirement, old)) missing.add(text(requirement));
    }
    if (!missing.isEmpty()) {
      throw Refusals.refused(
          name,
          "The new one would not resolve; this node lacks " + String.join(", ", missing) + ".",
          "Give one that was built for this version of Tenon.");
    }
    var lost = new ArrayList<String>();
    var offered = revision.getDeclaredCapabilities(null);
    for (BundleCapability capability :
        old.adapt(BundleRevision.class).getDeclaredCapabilities(null)) {
      if (isPromise(capability) && offered.stream().noneMatch(now -> keeps(capability, now))) {
        lost.add(text(capability));
      }
    }
    if (!lost.isEmpty()) {
      throw Refusals.refused(
          name,
          "The new one does not offer any more: " + String.join(", ", lost) + ".",
          "Give one that does.");
    }
  }

  private static boolean isNeeded(BundleRequirement requirement) {
    var directives = requirement.getDirectives();
    String effective =
        directives.getOrDefault(
            Namespace.REQUIREMENT_EFFECTIVE_DIRECTIVE, Namespace.EFFECTIVE_RESOLVE);
    return effective.equals(Namespace.EFFECTIVE_RESOLVE)
        && !Namespace.RESOLUTION_OPTIONAL.equals(
            directives.get(Namespace.REQUIREMENT_RESOLUTION_DIRECTIVE));
  }

  private boolean isThere(BundleRequirement requirement, Bundle old) {
    return wiring.findProviders(requirement).stream()
        .anyMatch(provider -> !provider.getRevision().getBundle().equals(old));
  }

  private static String text(BundleRequirement requirement) {
    return requirement.getNamespace()
        + " "
        + requirement.getDirectives().getOrDefault(Namespace.REQUIREMENT_FILTER_DIRECTIVE, "");
  }

  /** What others may rely on without a wire. */
  private static boolean isPromise(BundleCapability capability) {
    return capability.getNamespace().equals(SERVICE)
        || capability.getNamespace().startsWith("tenon.");
  }

  private static boolean keeps(BundleCapability before, BundleCapability now) {
    if (!before.getNamespace().equals(now.getNamespace())) return false;
    Map<String, Object> attributes = now.getAttributes();
    if (before.getNamespace().equals(SERVICE)) {
      return types(attributes).containsAll(types(before.getAttributes()));
    }
    return attributes.entrySet().containsAll(before.getAttributes().entrySet());
  }

  private static List<?> types(Map<String, Object> service) {
    return switch (service.get(Constants.OBJECTCLASS)) {
      case List<?> several -> several;
      case null -> List.of();
      case Object one -> List.of(one);
    };
  }

  private static String text(BundleCapability capability) {
    return capability.getNamespace() + " " + new java.util.TreeMap<>(capability.getAttributes());
  }
}
