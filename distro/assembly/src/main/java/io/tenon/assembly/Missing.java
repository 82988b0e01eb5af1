package io.tenon.assembly;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.osgi.resource.Capability;
import org.osgi.resource.Requirement;
import org.osgi.resource.Resource;

/** Why something cannot be resolved: the capability that nobody provides, and who needs it. */
final class Missing {
  private Missing() {}

  /** Passes when everything that is asked for has a provider whose own needs are met. */
  static void refuse(Catalog catalog, Resource root, String name) throws RefusedException {
    Map<Resource, Requirement> lacking = lacking(catalog, root);
    Requirement missing = lacking.get(root);
    if (missing == null) return;
    var chain = new ArrayList<String>();
    chain.add("You asked for " + Wording.of(missing));
    // Each step leads to a resource that was found lacking earlier, so it ends.
    for (List<Capability> next = catalog.providers(missing);
        !next.isEmpty();
        next = catalog.providers(missing)) {
      Resource provider = next.getFirst().getResource();
      Requirement need = lacking.get(provider);
      if (need == null) throw new IllegalStateException(provider + " lacks nothing");
      String who = catalog.of(provider).map(Candidate::name).orElse("the framework");
      chain.add(who + " needs " + Wording.of(need));
      missing = need;
    }
    throw new RefusedException(
        name + " was not resolved: there is no " + Wording.of(missing) + ".",
        String.join("; ", chain) + ".",
        remedy(catalog, missing));
  }

  private static Map<Resource, Requirement> lacking(Catalog catalog, Resource root) {
    Map<Resource, Requirement> lacking = new HashMap<>();
    List<Resource> all = new ArrayList<>(List.of(root));
    catalog.candidates().forEach(one -> all.add(one.revision()));
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Resource resource : all) {
        if (lacking.containsKey(resource)) continue;
        for (Requirement requirement : Catalog.requirements(resource)) {
          if (isMet(catalog.providers(requirement), lacking)) continue;
          lacking.put(resource, requirement);
          changed = true;
          break;
        }
      }
    }
    return lacking;
  }

  private static boolean isMet(List<Capability> providers, Map<Resource, Requirement> lacking) {
    for (Capability one : providers) if (!lacking.containsKey(one.getResource())) return true;
    return false;
  }

  private static String remedy(Catalog catalog, Requirement missing) {
    for (Kind kind : Kind.values()) {
      if (kind == Kind.BUNDLE || !kind.namespace.equals(missing.getNamespace())) continue;
      Set<String> names = catalog.names(kind);
      if (names.isEmpty()) break;
      return "There is %s. More come in by --bundles and --maven."
          .formatted(String.join(", ", names));
    }
    return "Give the bundle that has it by --bundles or --maven.";
  }
}
