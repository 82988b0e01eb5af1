package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bundles of a node's process are replaced from its shell, and the node ends in all ways. */
@Timeout(600)
class SwapProcessTest {
  private static final Pattern READY = Pattern.compile("ready in [0-9.]+ s");
  private static final Pattern PASSED_OVER =
      Pattern.compile("io.tenon.backend.malloc.* is passed over: (.*)$");
  private static final String MALLOC = "io.tenon.backend.malloc";
  private static final String SCRATCH = "malloc:///scratch?size_mb=16";
  private static final long PATIENCE_SECONDS = 120;
  private static final String SECRET = "secret";

  @TempDir private Path folder;
  private Path home;
  private Path data;

  @BeforeEach
  void unpack() throws IOException {
    home = NodeProcess.home(folder);
    data = folder.resolve("data");
  }

  private NodeProcess start() throws IOException {
    return NodeProcess.start(
        home, "--grpc", "127.0.0.1:0", "--nvme", "127.0.0.1:0", "--data", data.toString());
  }

  private Process begin(String... words) throws IOException {
    var command = new ArrayList<String>();
    command.add(home.resolve("bin/tenon-shell").toString());
    command.addAll(List.of("--data", data.toString()));
    command.addAll(List.of(words));
    return run(command);
  }

  private static Process run(List<String> command) throws IOException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("TENON_JAVA_HOME", System.getProperty("java.home"));
    var process = builder.start();
    process.getOutputStream().close();
    return process;
  }

  private static String end(Process process) throws Exception {
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), said);
    return said;
  }

  private String say(String... words) throws Exception {
    return end(begin(words));
  }

  private void must(String expected, String... words) throws Exception {
    String said = say(words);
    assertTrue(said.contains(expected), () -> String.join(" ", words) + " said " + said);
  }

  private void eventually(String expected, String... words) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      String said = say(words);
      if (said.contains(expected)) return;
      assertTrue(System.nanoTime() < deadline, () -> "never " + expected + ", but " + said);
    }
  }

  private void mallocIs(String version) throws Exception {
    must("\"version\" : \"" + version + "\"", "tenon:backend", "show", "malloc", "--json");
  }

  private Path newer(String version, Map<String, String> headers, Class<?>... more)
      throws IOException {
    var all = new java.util.TreeMap<>(headers);
    all.put("Bundle-Version", version);
    return Jars.changed(MALLOC, folder.resolve("malloc-" + version + ".jar"), all, more);
  }

  private Path hanging(String version) throws IOException {
    return newer(
        version,
        Map.of(
            "Bundle-Activator",
            HangingActivator.class.getName(),
            "Import-Package",
            ",org.osgi.framework"),
        HangingActivator.class);
  }

  @Test
  void whatWasSwappedInStaysOverRestartsAndGoesBackWhenAsked() throws Exception {
    try (var node = start()) {
      node.await(READY);
      must("scratch", "tenon:device", "create", SCRATCH);
      must("SWAPPED", "tenon:swap", MALLOC, newer("0.1.7", Map.of()).toString());
      mallocIs("0.1.7");
      must("0.1.7", "tenon:swaps");
    }
    // It was killed.
    try (var node = start()) {
      node.await(READY);
      mallocIs("0.1.7");
      must("\"result\" : \"SWAPPED\"", "tenon:swaps", "--json");
      must("\"in_place_of\" : \"0.1.0.SNAPSHOT\"", "tenon:swaps", "--json");
      must("SWAPPED", "tenon:swap", MALLOC, "--back");
      mallocIs("0.1.0.SNAPSHOT");
      must("\"kept\" : [ ]", "tenon:swaps", "--json");
      assertEquals(0, node.terminate());
    }
    try (var node = start()) {
      node.await(READY);
      mallocIs("0.1.0.SNAPSHOT");
      assertEquals(0, node.terminate());
    }
  }

  /** What runs is saved right before anything is touched, and gone when all is done. */
  private void awaitBegun() throws Exception {
    Eventually.until(this::hasBegun, () -> "no swap has begun");
  }

  private boolean hasBegun() throws IOException {
    try (Stream<Path> files = Files.walk(data.resolve("swaps"))) {
      return files.anyMatch(file -> file.endsWith("old.jar"));
    }
  }

  @Test
  void aNodeThatIsKilledInTheMiddleStartsWithTheBundleThatWorked() throws Exception {
    try (var node = start()) {
      node.await(READY);
      must("SWAPPED", "tenon:swap", MALLOC, newer("0.1.7", Map.of()).toString());
      must("scratch", "tenon:device", "create", SCRATCH);
      var swap = begin("tenon:swap", MALLOC, hanging("0.1.8").toString(), "--deadline", "20000");
      awaitBegun();
      node.close();
      end(swap);
    }
    try (var node = start()) {
      node.await(READY);
      mallocIs("0.1.7");
      must("SWAPPED", "tenon:swap", MALLOC, newer("0.1.9", Map.of()).toString());
      assertEquals(0, node.terminate());
    }
  }

  @Test
  void aKeptBundleThatIsDamagedOrMadeForAnotherDistributionIsPassedOver() throws Exception {
    try (var node = start()) {
      node.await(READY);
      must("SWAPPED", "tenon:swap", MALLOC, newer("0.1.7", Map.of()).toString());
      assertEquals(0, node.terminate());
    }
    Path kept;
    try (Stream<Path> files = Files.list(data.resolve("swaps/kept"))) {
      kept = files.filter(file -> file.toString().endsWith(".jar")).findFirst().orElseThrow();
    }
    byte[] whole = Files.readAllBytes(kept);
    Files.write(kept, java.util.Arrays.copyOf(whole, whole.length / 2));
    try (var node = start()) {
      Matcher why = node.await(PASSED_OVER);
      assertEquals("its jar is damaged.", why.group(1));
      node.await(READY);
      mallocIs("0.1.0.SNAPSHOT");
      must("SWAPPED", "tenon:swap", MALLOC, newer("0.1.8", Map.of()).toString());
      assertEquals(0, node.terminate());
    }
    renewDistribution();
    try (var node = start()) {
      Matcher why = node.await(PASSED_OVER);
      assertEquals("the distribution has another one than it was made for.", why.group(1));
      node.await(READY);
      mallocIs("0.2.0");
      assertEquals(0, node.terminate());
    }
  }

  private void renewDistribution() throws IOException {
    Path bundles = home.resolve("bundles");
    Path built = bundles.toRealPath();
    Files.delete(bundles);
    Files.createDirectory(bundles);
    try (Stream<Path> files = Files.list(built)) {
      for (Path file : files.toList()) {
        if (file.getFileName().toString().startsWith(MALLOC + "-")) {
          Files.copy(newer("0.2.0", Map.of()), bundles.resolve(file.getFileName()));
        } else {
          Files.createSymbolicLink(bundles.resolve(file.getFileName()), file);
        }
      }
    }
  }

  @Test
  void aPlainUpdateIsInTheHistoryAndTakenBackWhenItDoesNotWork() throws Exception {
    try (var node = start()) {
      node.await(READY);
      must("scratch", "tenon:device", "create", SCRATCH);
      String id = id();
      say("felix:update", id, newer("0.1.7", Map.of()).toUri().toString());
      eventually(", by a plain update\"", "tenon:swaps", "--json");
      must("\"device\" : \"scratch\"", "tenon:swaps", "--json");
      mallocIs("0.1.7");
      var bad =
          newer(
              "0.1.8",
              Map.of(
                  "Bundle-Activator",
                  ThrowingActivator.class.getName(),
                  "Import-Package",
                  ",org.osgi.framework"),
              ThrowingActivator.class);
      say("felix:update", id, bad.toUri().toString());
      eventually("\"result\" : \"ROLLED_BACK\"", "tenon:swaps", "--json");
      mallocIs("0.1.7");
      must("\"wrong\" : 0", "tenon:load", "run", "scratch", "--seconds", "1", "--json");
      assertEquals(0, node.terminate());
    }
  }

  private String id() throws Exception {
    var line = Pattern.compile("(?m)^ *(\\d+)\\|.*" + Pattern.quote(MALLOC));
    Matcher found = line.matcher(say("lb", "-s"));
    assertTrue(found.find());
    return found.group(1);
  }

  @Test
  void onlyWhatATrustedOneHasSignedIsLetInWhenThatIsAskedFor() throws Exception {
    Path trusted = folder.resolve("trusted.pem");
    key("good", trusted);
    key("bad", folder.resolve("bad.pem"));
    Files.writeString(
        home.resolve("etc/io.tenon.swap.cfg"),
        "require.signed=true\ntrusted.certificates=" + trusted + "\n");
    try (var node = start()) {
      node.await(READY);
      var jar = newer("0.1.7", Map.of());
      must("is not signed by one of", "tenon:swap", MALLOC, jar.toString());
      must("is not signed by one of", "tenon:swap", MALLOC, signed(jar, "bad").toString());
      var good = signed(jar, "good");
      var tampered = folder.resolve("tampered.jar");
      Jars.withOtherContent(good, tampered, "OSGI-INF/");
      must("is not as it was signed", "tenon:swap", MALLOC, tampered.toString());
      mallocIs("0.1.0.SNAPSHOT");
      must("SWAPPED", "tenon:swap", MALLOC, good.toString());
      mallocIs("0.1.7");
      tool("jar", "--update", "--file", good.toString(), "-C", folder.toString(), "trusted.pem");
      must("is not signed by one of", "tenon:swap", MALLOC, good.toString());
      assertEquals(0, node.terminate());
    }
  }

  @Test
  void aNodeThatIsRecordedSwapsAsEverAndTheRecordingHasTheSwap() throws Exception {
    var recording = folder.resolve("node.jfr");
    try (var node =
        NodeProcess.startWith(
            "-XX:StartFlightRecording=filename=" + recording,
            home,
            "--grpc",
            "127.0.0.1:0",
            "--nvme",
            "127.0.0.1:0",
            "--data",
            data.toString())) {
      node.await(READY);
      must("scratch", "tenon:device", "create", SCRATCH);
      must("SWAPPED", "tenon:swap", MALLOC, newer("0.1.7", Map.of()).toString());
      assertEquals(0, node.terminate());
    }
    var events =
        RecordingFile.readAllEvents(recording).stream()
            .filter(event -> event.getEventType().getName().equals("io.tenon.Swap"))
            .toList();
    assertEquals(1, events.size(), events.toString());
    assertEquals("0.1.7", events.getFirst().getString("toVersion"));
    assertEquals("SWAPPED", events.getFirst().getString("result"));
    assertFalse(events.getFirst().getDuration("longestPause").isZero());
  }

  private void key(String name, Path certificate) throws Exception {
    String store = folder.resolve(name + ".p12").toString();
    tool(
        "keytool",
        "-genkeypair",
        "-alias",
        name,
        "-keyalg",
        "EC",
        "-dname",
        "CN=" + name,
        "-validity",
        "30",
        "-keystore",
        store,
        "-storepass",
        SECRET,
        "-storetype",
        "PKCS12");
    tool(
        "keytool",
        "-exportcert",
        "-rfc",
        "-alias",
        name,
        "-keystore",
        store,
        "-storepass",
        SECRET,
        "-file",
        certificate.toString());
  }

  private Path signed(Path jar, String name) throws Exception {
    Path signed = folder.resolve(name + ".jar");
    tool(
        "jarsigner",
        "-keystore",
        folder.resolve(name + ".p12").toString(),
        "-storepass",
        SECRET,
        "-signedjar",
        signed.toString(),
        jar.toString(),
        name);
    return signed;
  }

  private static void tool(String name, String... words) throws Exception {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", name).toString());
    command.addAll(List.of(words));
    var process = run(command);
    String said = end(process);
    assertEquals(0, process.exitValue(), said);
    assertFalse(said.contains("rror:"), said);
  }
}
