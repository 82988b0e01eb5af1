package io.tenon.assembly;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CreateTest {
  @TempDir private Path folder;
  private Fixture fixture;
  private Path out;

  @BeforeEach
  void make() throws IOException {
    fixture = Fixture.make(folder);
    out = folder.resolve("mine");
  }

  private void create(String... more) {
    var words = new String[more.length + 4];
    System.arraycopy(new String[] {"create", "mine", "-o", out.toString()}, 0, words, 0, 4);
    System.arraycopy(more, 0, words, 4, more.length);
    assertEquals(Main.DONE, fixture.run(words), () -> fixture.complained);
  }

  private void refuse(String reason, String... more) throws IOException {
    Set<String> before = Fixture.names(folder);
    var words = new String[more.length + 4];
    System.arraycopy(new String[] {"create", "mine", "-o", out.toString()}, 0, words, 0, 4);
    System.arraycopy(more, 0, words, 4, more.length);
    assertEquals(Main.REFUSED, fixture.run(words), () -> fixture.said);
    assertTrue(fixture.complained.contains(reason), fixture.complained);
    assertFalse(fixture.complained.contains("\tat "), fixture.complained);
    assertEquals(before, Fixture.names(folder), "nothing is left behind");
  }

  private Set<String> bundles() throws IOException {
    return Fixture.names(out.resolve("bundles"));
  }

  @Test
  void whatIsAskedForAndWhatThatNeedsIsInAndNothingElse() throws IOException {
    create("--feature", "nexus", "--store", "b");
    assertEquals(
        Set.of(
            "feature.core-1.0.0.jar",
            "feature.nexus-1.0.0.jar",
            "nexus-1.0.0.jar",
            "lib-1.0.0.jar",
            "store.b-1.0.0.jar"),
        bundles());
  }

  @Test
  void aBackendIsFoundByEachOfItsSchemes() throws IOException {
    create("--backend", "file");
    assertEquals(Set.of("feature.core-1.0.0.jar", "backend.aio-1.0.0.jar"), bundles());
  }

  @Test
  void whatComesAlongFitsWhatIsIn() throws IOException {
    create("--backend", "aio");
    assertEquals(Set.of("tenon-node"), Fixture.names(out.resolve("bin")), "there is no shell");
    assertEquals(Set.of("java.sh"), Fixture.names(out.resolve("lib")), "a cache is a machine's");
    assertEquals(Set.of("tenon-node.properties"), Fixture.names(out.resolve("etc")));
    assertEquals(
        "# Options.\n#name=x\n", Files.readString(out.resolve("etc/tenon-node.properties")));
    String parts = Files.readString(out.resolve("sbom.json"));
    assertTrue(parts.contains("\"name\" : \"backend.aio\""), parts);
    assertFalse(parts.contains("\"nexus\""), parts);
  }

  @Test
  void itsOwnRecipeMakesTheSameAgain() throws IOException {
    create("--feature", "nexus", "--store", "b");
    Set<String> first = bundles();
    Path recipe = Files.copy(out.resolve("distribution.bndrun"), folder.resolve("again.bndrun"));
    create("--replace", "--bndrun", recipe.toString());
    assertEquals(first, bundles());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--feature", "--backend", "--transport", "--store", "--bundle"})
  void whatNobodyHasIsNamedInASentence(String option) throws IOException {
    String kind = option.equals("--store") ? "metadata store" : option.substring(2);
    refuse("mine was not resolved: there is no " + kind + " tape.", option, "tape");
  }

  @Test
  void whatIsThereInsteadIsSaid() throws IOException {
    refuse("There is aio, file.", "--backend", "tape");
  }

  @Test
  void aNeedFarBelowIsNamedWithTheChainThatLeadsThere() throws IOException {
    Files.delete(fixture.home.resolve("bundles/lib-1.0.0.jar"));
    refuse("there is no package lib.api from version 1.0.0 and below 2.0.0.", "--feature", "nexus");
    assertTrue(
        fixture.complained.contains(
            "You asked for feature nexus; feature.nexus needs bundle nexus; nexus needs package lib.api"),
        fixture.complained);
  }

  @Test
  void aVersionThatDoesNotFitIsAsGoodAsNone() throws IOException {
    Files.delete(fixture.home.resolve("bundles/lib-1.0.0.jar"));
    fixture.own("lib", Map.of("Export-Package", "lib.api;version=\"2.0\""));
    refuse("there is no package lib.api", "--feature", "nexus");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a)(b=*", "*", ""})
  void aNameThatIsNoneIsRefused(String name) throws IOException {
    refuse("can be called", "--backend", name);
  }

  @Test
  void anExtraFolderBringsMoreAndWhatIsNewerIsTaken() throws IOException {
    Path more = folder.resolve("more");
    Fixture.bundle(more, "lib", "1.7.0", Map.of("Export-Package", "lib.api;version=\"1.7\""));
    Fixture.bundle(
        more, "striped", "3.0.0", Map.of(Fixture.PROVIDE, "tenon.backend;scheme=striped"));
    Files.writeString(more.resolve("note.txt"), "no bundle");
    create("--feature", "nexus", "--backend", "striped", "--bundles", more.toString());
    assertTrue(bundles().contains("lib-1.7.0.jar"), () -> "" + fixture.said);
    assertTrue(bundles().contains("striped-3.0.0.jar"));
    assertFalse(bundles().contains("lib-1.0.0.jar"));
  }

  @Test
  void whatIsThereAlreadyIsPassedOverAndSaid() throws IOException {
    Path more = folder.resolve("more");
    Fixture.bundle(
        more, "backend.aio", "1.0.0", Map.of(Fixture.PROVIDE, "tenon.backend;scheme=other"));
    create("--backend", "aio", "--bundles", more.toString());
    assertTrue(fixture.complained.contains("backend.aio 1.0.0 is there already"));
    out = folder.resolve("other");
    refuse("there is no backend other", "--backend", "other", "--bundles", more.toString());
  }

  @Test
  void whatIsForbiddenIsAsGoodAsMissing() throws IOException {
    Path recipe = folder.resolve("my.bndrun");
    Files.writeString(
        recipe,
        """
        -runrequires: \\
          tenon.feature;filter:='(tenon.feature=nexus)'
        -runblacklist: osgi.identity;filter:='(osgi.identity=store.a)'
        """);
    create("--bndrun", recipe.toString());
    assertTrue(bundles().contains("store.b-1.0.0.jar"));
    assertFalse(bundles().contains("store.a-1.0.0.jar"));
  }

  @Test
  void theSameIsTheSameToTheByteAsAnArchive() throws IOException {
    out = folder.resolve("first.tar.gz");
    create("--backend", "aio");
    byte[] first = Files.readAllBytes(out);
    out = folder.resolve("second.tar.gz");
    create("--backend", "aio");
    assertArrayEquals(first, Files.readAllBytes(out));
  }

  @Test
  void anArchiveUnpacksToTheFolder() throws Exception {
    create("--feature", "nexus", "--archive", folder.resolve("mine.tar").toString());
    Path unpacked = Files.createDirectories(folder.resolve("unpacked"));
    var tar =
        new ProcessBuilder("tar", "-xf", folder.resolve("mine.tar").toString(), "-C", "" + unpacked)
            .inheritIO()
            .start();
    assertEquals(0, tar.waitFor());
    assertEquals(
        Main.DONE,
        fixture.run("diff", out.toString(), unpacked.resolve("mine").toString()),
        () -> fixture.said);
  }

  @Test
  void onlyADistributionIsReplacedAndOnlyWhenAsked() throws IOException {
    create("--backend", "aio");
    refuse("It is there already.", "--feature", "nexus");
    assertTrue(bundles().contains("backend.aio-1.0.0.jar"), "it is as it was");
    create("--feature", "nexus", "--replace");
    assertFalse(bundles().contains("backend.aio-1.0.0.jar"));
    out = Files.createDirectories(folder.resolve("precious"));
    refuse("It is a folder, and not one of a distribution.", "--feature", "nexus", "--replace");
  }

  @Test
  void settingsThatAreGivenAreInAndTheBasesAreNot() throws IOException {
    Path settings = Files.createDirectories(folder.resolve("settings"));
    Files.createDirectories(settings.resolve("more"));
    Files.writeString(settings.resolve("tenon-node.properties"), "deploy=true\n");
    Files.writeString(settings.resolve("other.part.cfg"), "speed=7\n");
    create("--backend", "aio", "--etc", settings.toString());
    assertEquals(
        Set.of("tenon-node.properties", "other.part.cfg"), Fixture.names(out.resolve("etc")));
    assertEquals("deploy=true\n", Files.readString(out.resolve("etc/tenon-node.properties")));
    out = folder.resolve("other");
    refuse("There is no folder", "--backend", "aio", "--etc", folder.resolve("none").toString());
  }

  @Test
  void whatIsNoCoordinatesIsRefused() throws IOException {
    refuse("are no Maven coordinates", "--maven", "com.example");
  }
}
