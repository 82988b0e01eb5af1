package io.tenon.arch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Each rule finds the faults that are planted for it, and nothing else. */
class RulesBiteTest {
  private static final String ROOT = "io.tenon.arch.planted";
  private static final Floors FLOORS = new Floors(ROOT);
  private static final Pattern RESTLESS_METHOD = Pattern.compile("Restless\\.(?:lambda\\$)?(\\w+)");

  private final JavaClasses planted = new ClassFileImporter().importPackages(ROOT);

  @Test
  void findsABundleWithoutAFloor() {
    List<String> found = violations(FLOORS.everyBundleHasAFloor());
    assertEquals(1, found.size(), found::toString);
    assertTrue(found.getFirst().contains(".stranger.Stranger"), found::toString);
  }

  @Test
  void findsImportsThatLookUpSidewaysOrAtAPlugIn() {
    assertEquals(
        Set.of(
            "block must not know nexus",
            "nexus must not know pool",
            "backend.other must not know nexus",
            "engine must not know backend.mine"),
        violations(FLOORS.importsGoDownOnly()).stream()
            .map(text -> text.substring(0, text.indexOf(':')))
            .collect(Collectors.toSet()));
  }

  @Test
  void findsAnImportOfAnInside() {
    List<String> found = violations(FLOORS.whatIsInternalStaysInside());
    assertTrue(found.stream().allMatch(text -> text.contains("KnowsPlugIn")), found::toString);
    assertTrue(found.size() > 0, "nothing found");
  }

  @Test
  void findsEveryWayToDifferFromRunToRun() {
    List<String> found = violations(new Determinism(ROOT).nothingDiffersFromRunToRun());
    var methods = new TreeSet<String>();
    for (String text : found) {
      if (text.contains("Entrance.clockOfAComponent")) continue;
      var restless = RESTLESS_METHOD.matcher(text);
      assertTrue(restless.find(), () -> "found too much: " + text);
      methods.add(restless.group(1));
    }
    assertEquals(declared("Restless"), methods);
    assertTrue(
        found.stream().anyMatch(text -> text.contains("Entrance.clockOfAComponent")),
        found::toString);
  }

  private Set<String> declared(String simpleName) {
    return planted.get(ROOT + ".nexus.internal." + simpleName).getMethods().stream()
        .map(method -> method.getName())
        .filter(name -> !name.contains("$"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private List<String> violations(ArchRule rule) {
    return rule.evaluate(planted).getFailureReport().getDetails().stream()
        .flatMap(detail -> Arrays.stream(detail.split("\\R")))
        .toList();
  }
}
