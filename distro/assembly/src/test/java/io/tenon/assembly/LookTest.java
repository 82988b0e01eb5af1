package io.tenon.assembly;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that change nothing. */
class LookTest {
  @TempDir private Path folder;
  private Fixture fixture;

  @BeforeEach
  void make() throws IOException {
    fixture = Fixture.make(folder);
  }

  private String create(String name, String... more) {
    String out = folder.resolve(name).toString();
    var words = new String[more.length + 4];
    System.arraycopy(new String[] {"create", name, "-o", out}, 0, words, 0, 4);
    System.arraycopy(more, 0, words, 4, more.length);
    assertEquals(Main.DONE, fixture.run(words), () -> fixture.complained);
    return out;
  }

  @Test
  void listNamesEverythingThatCanBeAskedFor() throws IOException {
    assertEquals(Main.DONE, fixture.run("list"), () -> fixture.complained);
    for (String line :
        new String[] {
          "features:",
          "  core ",
          "  nexus ",
          "backends:",
          "  aio ",
          "  file ",
          "transports:",
          "stores:",
          "  a ",
          "  b ",
          "bundles:",
          "  spare "
        }) {
      assertTrue(fixture.said.contains("\n" + line) || fixture.said.startsWith(line), fixture.said);
    }
    assertEquals(Main.DONE, fixture.run("list", "stores"));
    assertFalse(fixture.said.contains("features"), fixture.said);
    Fixture.bundle(
        folder.resolve("more"),
        "t",
        "1.0.0",
        Map.of(Fixture.PROVIDE, "tenon.transport;transport=t"));
    fixture.run("list", "transports", "--bundles", folder.resolve("more").toString());
    assertTrue(fixture.said.contains("  t "), fixture.said);
  }

  @Test
  void explainSaysTheWholeWayFromWhatWasAsked() {
    String mine = create("mine", "--feature", "nexus");
    assertEquals(Main.DONE, fixture.run("explain", "lib", "--of", mine), () -> fixture.complained);
    assertTrue(
        fixture.said.contains(
            """
            lib 1.0.0 is in because:
              You asked for feature nexus
              feature.nexus needs bundle nexus
              nexus needs package lib.api from version 1.0.0 and below 2.0.0
            """),
        fixture.said);
  }

  @Test
  void explainNamesEveryoneWhoNeedsIt() {
    String mine = create("mine", "--feature", "nexus", "--bundle", "lib");
    fixture.run("explain", "lib", "--of", mine);
    String all = fixture.said.substring(fixture.said.indexOf("All that leads to it:"));
    assertTrue(all.contains("You asked for bundle lib"), all);
    assertTrue(all.contains("nexus needs package lib.api"), all);
  }

  @Test
  void explainSaysSoWhenNothingNeedsIt() throws IOException {
    Path mine = Path.of(create("mine", "--backend", "aio"));
    Files.copy(
        fixture.home.resolve("bundles/spare-1.0.0.jar"), mine.resolve("bundles/spare-1.0.0.jar"));
    assertEquals(Main.DONE, fixture.run("explain", "spare", "--of", mine.toString()));
    assertTrue(fixture.said.contains("somebody put it there"), fixture.said);
    assertEquals(Main.REFUSED, fixture.run("explain", "nexus", "--of", mine.toString()));
    assertTrue(fixture.complained.contains("is not in mine"), fixture.complained);
  }

  @Test
  void diffNamesWhatOnlyOneHasAndWhatIsNotTheSame() throws IOException {
    String a = create("a", "--feature", "nexus");
    Fixture.bundle(
        folder.resolve("more"),
        "lib",
        "1.7.0",
        Map.of("Export-Package", "lib.api;version=\"1.7\""));
    String b =
        create(
            "b",
            "--feature",
            "nexus",
            "--backend",
            "aio",
            "--bundles",
            "" + folder.resolve("more"));
    assertEquals(Main.DONE, fixture.run("diff", a, a));
    assertEquals(Main.FAILED, fixture.run("diff", a, b));
    assertTrue(fixture.said.contains("  + backend.aio 1.0.0"), fixture.said);
    assertTrue(fixture.said.contains("  ! lib 1.0.0"), fixture.said);
    assertFalse(fixture.said.contains("nexus"), fixture.said);
    assertEquals(Main.FAILED, fixture.run("diff", b, a));
    assertTrue(fixture.said.contains("  - backend.aio 1.0.0"), fixture.said);
    assertEquals(Main.REFUSED, fixture.run("diff", a, folder.toString()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"create", "list", "diff", "explain", "image"})
  void everyCommandHasHelpWithAnExample(String command) {
    assertEquals(Main.DONE, fixture.run(command, "--help"));
    assertTrue(fixture.said.contains("Usage: tenon-distro " + command), fixture.said);
    assertTrue(fixture.said.contains("Example"), fixture.said);
  }

  @Test
  void withoutACommandItSaysWhatThereIs() {
    assertEquals(Main.REFUSED, fixture.run());
    assertTrue(fixture.complained.contains("create"), fixture.complained);
    assertEquals(Main.REFUSED, fixture.run("list", "colours"));
  }
}
