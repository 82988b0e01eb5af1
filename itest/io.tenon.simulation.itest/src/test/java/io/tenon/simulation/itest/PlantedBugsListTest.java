package io.tenon.simulation.itest;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.simulation.BugList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What docs/PLANTED-BUGS.md says is so: each row is a bug of the test that its section names. Each bug has a row by {@link BugList#found}. */
class PlantedBugsListTest {
  private static final Pattern SUITE = Pattern.compile("^Planted by `([^`]+\\.java)`.*");
  private static final Pattern ROW =
      Pattern.compile("^\\| (.+) \\| `[^`]+` \\| \\S+ \\| \\d+ \\| [\\d.]+ \\|$");
  private static final int LEAST = 30;

  /** A row, and the source of its test. */
  private record Row(String bug, Path suite) {}

  private static List<Row> rows() throws IOException {
    var rows = new ArrayList<Row>();
    var root = BugList.root();
    var suite = root;
    for (String line : Files.readAllLines(root.resolve("docs/PLANTED-BUGS.md"))) {
      var named = SUITE.matcher(line);
      if (named.matches()) suite = root.resolve(named.group(1));
      var row = ROW.matcher(line);
      if (row.matches()) rows.add(new Row(row.group(1), suite));
    }
    return rows;
  }

  @Test
  void eachRowIsABugOfTheTestThatItsSectionNames() throws IOException {
    for (Row row : rows()) {
      assertTrue(Files.readString(row.suite()).contains('"' + row.bug() + '"'), row::toString);
    }
  }

  @Test
  void noTestThatPlantsBugsIsLeftOut() throws IOException {
    var listed = rows().stream().map(Row::suite).distinct().sorted().toList();
    try (Stream<Path> files = Files.walk(BugList.root().resolve("bundles"));
        Stream<Path> more = Files.walk(BugList.root().resolve("itest"))) {
      var found =
          Stream.concat(files, more)
              .filter(file -> file.getFileName().toString().matches("Planted.*BugsTest\\.java"))
              .sorted()
              .toList();
      assertTrue(listed.containsAll(found), () -> found + " and " + listed);
    }
  }

  @Test
  void thereAreEnoughInNexusRebuildLogAndRecord() throws IOException {
    long count = rows().stream().filter(row -> row.suite().toString().contains("nexus")).count();
    assertTrue(count >= LEAST, () -> count + " bugs");
  }
}
