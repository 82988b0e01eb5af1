package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A newer version of a bundle that runs is put into the deploy folder of a real node. */
@Timeout(600)
class DeployFolderTest {
  private static final Pattern READY = Pattern.compile("ready in [0-9.]+ s");
  private static final String MALLOC = "io.tenon.backend.malloc";
  private static final String OF_DISTRIBUTION = "\"version\" : \"0.1.0.SNAPSHOT\"";
  private static final String[] SWAPS = {"tenon:swaps", "--json"};
  private static final String[] BACKEND = {"tenon:backend", "show", "malloc", "--json"};
  private static final String[] LOAD = {"tenon:load", "run", "scratch", "--seconds", "1", "--json"};

  @TempDir private Path folder;
  private Path home;
  private Path data;
  private Path deploy;
  private SpokenNode spoken;

  @BeforeEach
  void unpack() throws IOException {
    home = NodeProcess.home(folder);
    data = folder.resolve("data");
    deploy = Files.createDirectory(folder.resolve("deploy"));
    spoken = new SpokenNode(home, data);
  }

  private NodeProcess start() throws IOException {
    var node =
        NodeProcess.start(
            home,
            "--grpc",
            "127.0.0.1:0",
            "--nvme",
            "127.0.0.1:0",
            "--data",
            data.toString(),
            "--deploy",
            deploy.toString());
    node.await(READY);
    return node;
  }

  private NodeProcess startWithDevice() throws Exception {
    var node = start();
    spoken.must("scratch", "tenon:device", "create", "malloc:///scratch?size_mb=16");
    return node;
  }

  private Path newer(String version, Map<String, String> headers, Class<?>... more)
      throws IOException {
    var all = new TreeMap<>(headers);
    all.put("Bundle-Version", version);
    return Jars.changed(MALLOC, folder.resolve("made.jar"), all, more);
  }

  /** Whole at once, as the documentation asks for. */
  private Path drop(Path made, String name) throws IOException {
    return Files.move(made, deploy.resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }

  private static String version(String number) {
    return "\"version\" : \"" + number + "\"";
  }

  @Test
  void aNewerVersionTakesThePlaceOfTheOldOneAndGoesWithItsFile() throws Exception {
    try (var node = startWithDevice()) {
      var file = drop(newer("0.1.7", Map.of()), MALLOC + "-0.1.7.jar");
      spoken.eventually(version("0.1.7"), BACKEND);
      spoken.eventually("\"by\" : \"the deploy folder, " + file + "\"", SWAPS);
      spoken.must("\"device\" : \"scratch\"", SWAPS);
      spoken.must("\"wrong\" : 0", LOAD);
      assertEquals(1, installed(), "installed beside");
      assertEquals(0, node.terminate());
    }
    try (var node = start()) {
      spoken.must(version("0.1.7"), BACKEND);
      // It was there from the start, so there was nothing to swap.
      spoken.must("\"swapped\" : 0", SWAPS);
      Files.delete(deploy.resolve(MALLOC + "-0.1.7.jar"));
      spoken.eventually(OF_DISTRIBUTION, BACKEND);
      spoken.eventually("was taken out", SWAPS);
      spoken.must("\"kept\" : [ ]", SWAPS);
      assertEquals(0, node.terminate());
    }
  }

  private long installed() throws Exception {
    return Pattern.compile(Pattern.quote(MALLOC) + " ")
        .matcher(spoken.say("lb", "-s").replace(')', ' ').replace('(', ' '))
        .results()
        .count();
  }

  @Test
  void whatIsNoGoodIsRefusedWithItsReasonAndTheOldOneRunsOn() throws Exception {
    try (var node = startWithDevice()) {
      byte[] whole = Files.readAllBytes(newer("0.1.7", Map.of()));
      var made = folder.resolve("made.jar");
      Files.write(made, Arrays.copyOf(whole, whole.length / 2));
      drop(made, "cut.jar");
      node.await(Pattern.compile("cut.jar was not taken: .*cannot be read as a jar"));
      Files.write(made, new byte[10_000]);
      drop(made, MALLOC + "-9.jar");
      node.await(Pattern.compile("-9.jar was not taken: .*cannot be read as a jar"));
      drop(newer("0.0.9", Map.of()), "older.jar");
      node.await(Pattern.compile("older.jar was not taken: .*older than"));
      drop(newer("0.1.8", Map.of("Import-Package", ",org.example.nowhere")), "lost.jar");
      node.await(Pattern.compile("lost.jar was not taken: .*org.example.nowhere"));
      spoken.must("\"refused\" : 4", SWAPS);
      var throwing =
          Map.of(
              "Bundle-Activator",
              ThrowingActivator.class.getName(),
              "Import-Package",
              ",org.osgi.framework");
      drop(newer("0.1.9", throwing, ThrowingActivator.class), "throwing.jar");
      node.await(Pattern.compile("throwing.jar was not taken: .*this one throws at its start"));
      spoken.must("\"rolled_back\" : 1", SWAPS);
      Files.delete(deploy.resolve("throwing.jar"));
      spoken.must(OF_DISTRIBUTION, BACKEND);
      spoken.must("\"wrong\" : 0", LOAD);
      assertEquals(1, installed(), "installed beside");
      assertEquals(0, node.terminate());
    }
  }

  @Test
  void aPartThatHandsNothingOverIsRefusedInsteadOfRunningTwice() throws Exception {
    try (var node = start()) {
      var registry =
          Jars.changed(
              "io.tenon.devices", folder.resolve("made.jar"), Map.of("Bundle-Version", "0.2.0"));
      drop(registry, "registry.jar");
      node.await(Pattern.compile("registry.jar was not taken: .*does not say that it hands over"));
      spoken.mustNot("0.2.0", "lb", "-s");
      assertEquals(0, node.terminate());
    }
  }

  @Test
  void aFileThatIsWrittenOverIsSwappedInAgain() throws Exception {
    try (var node = startWithDevice()) {
      drop(newer("0.1.7", Map.of()), "mine.jar");
      spoken.eventually(version("0.1.7"), BACKEND);
      drop(newer("0.1.8", Map.of()), "mine.jar");
      spoken.eventually(version("0.1.8"), BACKEND);
      spoken.must("\"wrong\" : 0", LOAD);
      assertEquals(1, installed(), "installed beside");
      assertEquals(0, node.terminate());
    }
  }
}
