package io.tenon.arch;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The house of the design stands: floors, insides, determinism. */
class HouseTest {
  private static final Floors FLOORS = new Floors("io.tenon");
  private static final Determinism DETERMINISM = new Determinism("io.tenon");
  private static JavaClasses ours;

  @BeforeAll
  static void read() {
    ours =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.tenon");
    assertFalse(ours.isEmpty());
  }

  @Test
  void everyBundleHasAFloor() {
    FLOORS.everyBundleHasAFloor().check(ours);
  }

  @Test
  void importsGoDownOnly() {
    FLOORS.importsGoDownOnly().check(ours);
  }

  @Test
  void whatIsInternalStaysInside() {
    FLOORS.whatIsInternalStaysInside().check(ours);
  }

  @Test
  void whatRunsOnTheSimulatorDependsOnNothingThatDiffersFromRunToRun() {
    DETERMINISM.nothingDiffersFromRunToRun().check(ours);
  }

  /** A bundle that is missing on the class path would be right by not being looked at. */
  @Test
  void everyBundleWithCodeIsLookedAt() throws IOException {
    List<String> bundles = new ArrayList<>();
    for (String folder : List.of("bundles", "backends", "transports", "metadata-stores")) {
      Path modules = Path.of("..", "..", folder);
      if (!Files.isDirectory(modules)) continue;
      try (Stream<Path> entries = Files.list(modules)) {
        entries
            .filter(module -> Files.isDirectory(module.resolve("src/main/java")))
            .forEach(module -> bundles.add(module.getFileName().toString()));
      }
    }
    assertTrue(bundles.size() > 5, bundles::toString);
    for (String bundle : bundles) {
      assertTrue(
          ours.stream().anyMatch(type -> isOf(type.getPackageName(), bundle)),
          () -> bundle + " is not on the class path of this test: add it to pom.xml");
    }
  }

  /** Interfaces may have a bundle of their own, beside the one that does the work: io.tenon.pool.api has package io.tenon.pool. */
  private static boolean isOf(String packageName, String bundle) {
    return (packageName + ".").startsWith(bundle + ".") || (packageName + ".api").equals(bundle);
  }
}
