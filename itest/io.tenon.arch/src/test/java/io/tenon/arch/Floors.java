package io.tenon.arch;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Who may import whom: the house of the design, §1. A bundle imports from lower floors only, never from its own, and from
 * another bundle never what is internal there. Plug-ins and other ends are imported by nobody.
 *
 * @param root the package that all bundles live under; another one for planted faults
 */
record Floors(String root) {
  private static final int ERROR = 0;
  private static final int LINUX = 1;
  private static final int REACTOR = 2;
  private static final int SPI = 3;

  /** What several implementations of an SPI share; each bundle has a copy of its own. */
  private static final int SHARED = 4;

  private static final int MODEL = 5;
  private static final int SERVICE = 6;
  private static final int FACE_API = 7;
  private static final int FACE = 8;

  /** Implementations of an SPI and other ends: whatever they import, nobody imports them. */
  private static final int END = 9;

  private static final String INTERNAL = "internal";

  /** The longest name that fits decides: {@code engine.api} before {@code engine}. */
  private static final TreeMap<String, Integer> FLOOR_OF =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("error", ERROR),
              Map.entry("linux", LINUX),
              Map.entry("reactor", REACTOR),
              Map.entry("block", SPI),
              Map.entry("metadata", SPI),
              Map.entry("nvme", MODEL),
              Map.entry("blobstore", MODEL),
              Map.entry("registry", MODEL),
              Map.entry("nexus", SERVICE),
              Map.entry("pool", SERVICE),
              Map.entry("swap", SERVICE),
              Map.entry("control", SERVICE),
              Map.entry("ha", SERVICE),
              Map.entry("engine.api", FACE_API),
              Map.entry("engine", FACE),
              Map.entry("rest", FACE),
              Map.entry("csi", FACE),
              Map.entry("operator", FACE),
              Map.entry("shell.api", FACE_API),
              Map.entry("shell", FACE),
              Map.entry("ssh", FACE),
              Map.entry("console", FACE),
              Map.entry("deploy", FACE),
              Map.entry("health", FACE),
              Map.entry("metrics", FACE),
              Map.entry("cli", FACE),
              Map.entry("node", END),
              Map.entry("block.testing", END),
              Map.entry("devices", END),
              Map.entry("stores", END),
              Map.entry("simulation", END),
              Map.entry("metadata.testing", END),
              Map.entry("nvme.testing", END),
              Map.entry("metadata.embedded", END),
              Map.entry("metadata.etcd", END),
              Map.entry("apart", SHARED),
              Map.entry("metadata.delivery", SHARED),
              Map.entry("backend.disk", SHARED),
              Map.entry("backend.*", END),
              Map.entry("transport.*", END)));

  /** What an end may know at most: backends and stores an SPI, transports the model that they carry. */
  private static final Map<String, Integer> CEILING_OF_END =
      Map.ofEntries(
          Map.entry("node", ERROR),
          Map.entry("block.testing", SPI),
          Map.entry("metadata.testing", SPI),
          Map.entry("nvme.testing", MODEL),
          Map.entry("metadata.embedded", SHARED),
          Map.entry("metadata.etcd", SHARED),
          Map.entry("devices", SPI),
          Map.entry("stores", SPI),
          Map.entry("simulation", SPI),
          Map.entry("backend", SHARED),
          Map.entry("transport", MODEL));

  /** A bundle of ours, and the floor that it lives on. */
  record Bundle(String name, int floor) {
    /** A contract kit runs in tests only, and may start real parts there from their insides. */
    boolean isKit() {
      return name.endsWith(".testing");
    }

    int highestImport() {
      if (floor != END) return floor - 1;
      String kind = name.contains(".") ? name.substring(0, name.indexOf('.')) : name;
      return CEILING_OF_END.getOrDefault(name, CEILING_OF_END.getOrDefault(kind, ERROR));
    }
  }

  /** Empty when the package is not ours, or ours and on no floor. */
  Optional<Bundle> bundleOf(String packageName) {
    if (!packageName.startsWith(root + ".")) return Optional.empty();
    String[] parts = packageName.substring(root.length() + 1).split("\\.", -1);
    if (parts.length >= 2) {
      String two = parts[0] + "." + parts[1];
      Integer floor = FLOOR_OF.getOrDefault(two, FLOOR_OF.get(parts[0] + ".*"));
      if (floor != null) return Optional.of(new Bundle(two, floor));
    }
    return Optional.ofNullable(FLOOR_OF.get(parts[0])).map(floor -> new Bundle(parts[0], floor));
  }

  private DescribedPredicate<JavaClass> ours() {
    return DescribedPredicate.describe(
        "are ours", type -> type.getPackageName().startsWith(root + "."));
  }

  ArchRule everyBundleHasAFloor() {
    return ArchRuleDefinition.classes()
        .that(ours())
        .should(
            new ArchCondition<>("live on a floor") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                if (bundleOf(type.getPackageName()).isPresent()) return;
                events.add(
                    SimpleConditionEvent.violated(
                        type, type.getName() + " lives on no floor: give its bundle one here"));
              }
            });
  }

  ArchRule importsGoDownOnly() {
    return ArchRuleDefinition.classes()
        .that(ours())
        .should(
            new ArchCondition<>("import from lower floors only") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                Optional<Bundle> from = bundleOf(type.getPackageName());
                if (from.isEmpty()) return;
                for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                  check(from.get(), dependency, events);
                }
              }

              private void check(Bundle from, Dependency dependency, ConditionEvents events) {
                Optional<Bundle> to = bundleOf(dependency.getTargetClass().getPackageName());
                if (to.isEmpty() || to.get().name().equals(from.name())) return;
                if (to.get().floor() <= from.highestImport()) return;
                events.add(
                    SimpleConditionEvent.violated(
                        dependency,
                        from.name()
                            + " must not know "
                            + to.get().name()
                            + ": "
                            + dependency.getDescription()));
              }
            });
  }

  ArchRule whatIsInternalStaysInside() {
    return ArchRuleDefinition.classes()
        .that(ours())
        .should(
            new ArchCondition<>("leave other bundles' internals alone") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                Optional<Bundle> from = bundleOf(type.getPackageName());
                if (from.map(Bundle::isKit).orElse(false)) return;
                for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                  String target = dependency.getTargetClass().getPackageName();
                  Optional<Bundle> to = bundleOf(target);
                  if (to.isEmpty() || to.equals(from)) continue;
                  if (!(target + ".").contains("." + INTERNAL + ".")) continue;
                  events.add(
                      SimpleConditionEvent.violated(dependency, dependency.getDescription()));
                }
              }
            });
  }
}
