package io.tenon.arch;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitCallTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The same seed gives the same run: in these bundles time, chance and threads come in through constructors, and nothing is
 * kept in an order that differs from run to run. A component ({@code @Component}) is where the real ones enter; it may make
 * threads and hand the system's clock on, and read neither clock nor chance.
 */
record Determinism(String root) {
  static final Set<String> BUNDLES = Set.of("nexus", "nvme", "pool", "blobstore", "control", "ha");

  private static final String COMPONENT = "org.osgi.service.component.annotations.Component";

  private static final String INSTEAD_TIME = "ask the reactor or a Clock that came in";
  private static final String INSTEAD_CHANCE = "use a generator that came in with its seed";
  private static final String INSTEAD_THREAD = "use the executor or reactor that came in";
  private static final String INSTEAD_ORDER =
      "use one that keeps an order: Linked..., Tree..., List";

  private static final Map<String, String> REFUSED_CALLS =
      Map.ofEntries(
          Map.entry("java.lang.System.currentTimeMillis", INSTEAD_TIME),
          Map.entry("java.lang.System.nanoTime", INSTEAD_TIME),
          Map.entry("java.time.Clock.systemUTC", INSTEAD_TIME),
          Map.entry("java.time.Clock.systemDefaultZone", INSTEAD_TIME),
          Map.entry("java.time.Clock.system", INSTEAD_TIME),
          Map.entry("java.lang.Thread.sleep", INSTEAD_TIME),
          Map.entry("java.lang.Math.random", INSTEAD_CHANCE),
          Map.entry("java.util.UUID.randomUUID", INSTEAD_CHANCE),
          Map.entry("java.util.concurrent.ThreadLocalRandom.current", INSTEAD_CHANCE),
          Map.entry("java.util.concurrent.ConcurrentHashMap.newKeySet", INSTEAD_ORDER),
          Map.entry("java.util.Set.copyOf", INSTEAD_ORDER),
          Map.entry("java.util.Map.copyOf", INSTEAD_ORDER),
          Map.entry("java.util.Map.ofEntries", INSTEAD_ORDER),
          Map.entry("java.util.stream.Collectors.toSet", INSTEAD_ORDER),
          Map.entry("java.util.stream.Collectors.toUnmodifiableSet", INSTEAD_ORDER),
          Map.entry("java.util.stream.Collectors.toUnmodifiableMap", INSTEAD_ORDER),
          Map.entry("java.util.stream.Collectors.partitioningBy", INSTEAD_ORDER));

  /** Deterministic when told the time, the map or the clock. */
  private static final Map<String, String> REFUSED_WITHOUT_ARGUMENTS =
      Map.of(
          "java.time.Instant.now", INSTEAD_TIME,
          "java.time.LocalDateTime.now", INSTEAD_TIME,
          "java.time.ZonedDateTime.now", INSTEAD_TIME,
          "java.time.OffsetDateTime.now", INSTEAD_TIME,
          "java.util.Random.<init>", INSTEAD_CHANCE,
          "java.util.SplittableRandom.<init>", INSTEAD_CHANCE,
          "java.security.SecureRandom.<init>", INSTEAD_CHANCE);

  /** Immutable sets and maps of several are salted once per JVM. */
  private static final Map<String, Integer> REFUSED_FROM_ARGUMENTS =
      Map.of("java.util.Set.of", 2, "java.util.Map.of", 4);

  private static final Set<String> UNORDERED =
      Set.of(
          "java.util.HashMap",
          "java.util.HashSet",
          "java.util.IdentityHashMap",
          "java.util.WeakHashMap",
          "java.util.concurrent.ConcurrentHashMap");

  private static final Set<String> THREAD_MAKERS =
      Set.of(
          "java.lang.Thread.<init>",
          "java.lang.Thread.ofPlatform",
          "java.lang.Thread.ofVirtual",
          "java.lang.Thread.startVirtualThread",
          "java.util.Timer.<init>",
          "java.util.concurrent.ForkJoinPool.commonPool");

  private static final List<String> COMMON_POOL =
      List.of("runAsync", "supplyAsync", "thenRunAsync", "thenApplyAsync", "thenAcceptAsync");

  ArchRule nothingDiffersFromRunToRun() {
    return ArchRuleDefinition.classes()
        .that(inTheseBundles())
        .should(
            new ArchCondition<>("depend on nothing that differs from run to run") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                Stream.concat(
                        type.getCodeUnitCallsFromSelf().stream(),
                        type.getCodeUnitReferencesFromSelf().stream())
                    .forEach(access -> check(type, access, events));
              }

              private void check(JavaClass type, JavaAccess<?> access, ConditionEvents events) {
                refusal(access)
                    .or(() -> isComponent(type) ? Optional.empty() : entryRefusal(access))
                    .ifPresent(
                        instead ->
                            events.add(
                                SimpleConditionEvent.violated(
                                    access, access.getDescription() + ": " + instead)));
              }
            });
  }

  private DescribedPredicate<JavaClass> inTheseBundles() {
    return DescribedPredicate.describe(
        "run on the simulator",
        type ->
            BUNDLES.stream()
                .map(bundle -> root + "." + bundle)
                .anyMatch(bundle -> (type.getPackageName() + ".").startsWith(bundle + ".")));
  }

  private static boolean isComponent(JavaClass type) {
    return type.isAnnotatedWith(COMPONENT)
        || type.getEnclosingClass().map(Determinism::isComponent).orElse(false);
  }

  private static Optional<String> refusal(JavaAccess<?> access) {
    String target = target(access);
    if (REFUSED_CALLS.containsKey(target)) return Optional.of(REFUSED_CALLS.get(target));
    int arguments = arguments(access);
    if (arguments == 0 && REFUSED_WITHOUT_ARGUMENTS.containsKey(target)) {
      return Optional.of(REFUSED_WITHOUT_ARGUMENTS.get(target));
    }
    if (arguments >= REFUSED_FROM_ARGUMENTS.getOrDefault(target, Integer.MAX_VALUE)) {
      return Optional.of(INSTEAD_ORDER);
    }
    boolean makes = access.getTarget().getName().equals(JavaConstructor.CONSTRUCTOR_NAME);
    return makes && UNORDERED.contains(access.getTargetOwner().getName())
        ? Optional.of(INSTEAD_ORDER)
        : Optional.empty();
  }

  /** What only a component may bring in. */
  private static Optional<String> entryRefusal(JavaAccess<?> access) {
    if (target(access).equals("java.time.InstantSource.system")) return Optional.of(INSTEAD_TIME);
    boolean makes =
        THREAD_MAKERS.contains(target(access))
            || access.getTargetOwner().getName().equals("java.util.concurrent.Executors")
            || (access.getTargetOwner().getName().equals("java.util.concurrent.CompletableFuture")
                && COMMON_POOL.contains(access.getTarget().getName())
                && arguments(access) < 2);
    return makes ? Optional.of(INSTEAD_THREAD) : Optional.empty();
  }

  private static String target(JavaAccess<?> access) {
    return access.getTargetOwner().getName() + "." + access.getTarget().getName();
  }

  private static int arguments(JavaAccess<?> access) {
    return access.getTarget() instanceof CodeUnitCallTarget call
        ? call.getRawParameterTypes().size()
        : 0;
  }
}
