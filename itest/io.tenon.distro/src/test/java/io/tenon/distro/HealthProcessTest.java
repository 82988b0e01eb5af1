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
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code tenon:health} of a node to which things happen. */
@Timeout(600)
class HealthProcessTest {
  private static final long PATIENCE_SECONDS = 120;
  private static final int WELL = 0;
  private static final int CRITICAL = 1;
  private static final int NOT_UNDERSTOOD = 2;
  private static final Pattern START = Pattern.compile("start (\\d+) brings it back");
  private static final String MALLOC = "io.tenon.backend.malloc";
  private static final String TCP = "io.tenon.transport.nvmetcp";

  @TempDir private Path folder;
  private Path home;
  private NodeProcess node;

  @BeforeEach
  void start() throws IOException {
    home = NodeProcess.home(folder);
    node = NodeProcess.startReady(home, folder, "n1");
  }

  @AfterEach
  void stop() {
    node.close();
  }

  private record Said(int status, String text) {
    Said has(String... parts) {
      for (String part : parts) assertTrue(text.contains(part), () -> "no " + part + " in " + text);
      return this;
    }

    Said ends(int expected) {
      assertEquals(expected, status, text);
      return this;
    }
  }

  private Said say(String... words) throws Exception {
    var command = new ArrayList<String>();
    command.add(home.resolve("bin/tenon-shell").toString());
    command.addAll(List.of("--data", folder.resolve("n1").toString()));
    command.addAll(List.of(words));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("TENON_JAVA_HOME", System.getProperty("java.home"));
    var process = builder.start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), text);
    return new Said(process.exitValue(), text);
  }

  private Said health(String... words) throws Exception {
    var all = new ArrayList<String>(List.of("tenon:health"));
    all.addAll(List.of(words));
    return say(all.toArray(String[]::new));
  }

  @Test
  void aNewNodeIsWellAndSaysSoOfEachPart() throws Exception {
    var all = health().ends(WELL);
    all.has("CHECK", "STATUS", "WHY", "reactors", "answer, within", "store", "embedded");
    all.has("pools", "There are no pools.", "nexuses", "There are no nexuses.");
    all.has("listeners", "grpc, nvme, shell listen.", "transports", "swaps", "parts");
    assertFalse(all.text().contains("WARN") || all.text().contains("CRITICAL"), all.text());
    health("--live", "--json").ends(WELL).has("\"check\" : \"reactors\"", "\"live\"", "\"ms\" :");
    assertFalse(health("--live").text().contains("listeners"));
    health("--ready").ends(WELL).has("listeners", "reactors", "transports");
    health("nosuch").ends(CRITICAL).has("There is no check nosuch. There are listeners, nexuses");
    health("--live", "--ready").ends(NOT_UNDERSTOOD);
    assertEquals(0, node.terminate());
  }

  @Test
  void aDegradedNexusIsAWarningWithItsCause() throws Exception {
    String b = "malloc:///b?size_mb=64";
    say("nexus:create", "v1", "--size", "32MiB", "--child", "malloc:///a?size_mb=64", "--child", b)
        .ends(WELL);
    health("nexuses").ends(WELL).has("OK", "1 nexus is online.");
    say("nexus:offline", "v1", b).ends(WELL);
    health("nexuses").ends(WELL).has("WARN", "Nexus v1 is DEGRADED since", "nexus:why v1");
    health("nexuses", "--json").ends(WELL).has("\"status\" : \"WARN\"", "\"do\" : \"");
    health("--ready").ends(WELL);
  }

  @Test
  void aPoolThatIsMissedIsCriticalAndTheNodeIsReadyAllTheSame() throws Exception {
    Path disk = folder.resolve("disk");
    try (var file = new java.io.RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(256 << 20);
    }
    say("pool:create", "p1", "aio://" + disk).ends(WELL);
    health("pools").ends(WELL).has("1 pool is online.");
    assertEquals(0, node.terminate());
    Path away = Files.move(disk, folder.resolve("away"));
    node = NodeProcess.startReady(home, folder, "n1");
    awaitHealth("pools", "Pool p1 is not there since");
    health("pools").ends(CRITICAL).has("CRITICAL", "Bring back its disk aio://" + disk);
    health("--ready").ends(WELL);
    Files.move(away, disk);
    awaitHealth("pools", "1 pool is online.");
    health("pools").ends(WELL);
  }

  private void awaitHealth(String check, String expected) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      String said = health(check).text();
      if (said.contains(expected)) return;
      assertTrue(System.nanoTime() < deadline, () -> "never " + expected + ", but " + said);
    }
  }

  @Test
  void aNodeWithoutItsTransportLivesAndIsNotReady() throws Exception {
    say("stop", TCP).ends(WELL);
    health("--ready").ends(CRITICAL).has("nvme does not listen.", "No transport is there");
    health("--live").ends(WELL);
    var stopped = health("parts").ends(WELL).has("WARN", TCP + " was stopped.");
    var start = START.matcher(stopped.text());
    assertTrue(start.find(), stopped::text);
    say("start", start.group(1)).ends(WELL);
    awaitHealth("listeners", "grpc, nvme, shell listen.");
    health().ends(WELL);
  }

  @Test
  void aSwapThatWasTakenBackIsAWarningThatSaysWhoWantedIt() throws Exception {
    var bad =
        Jars.changed(
            MALLOC,
            folder.resolve("bad.jar"),
            Map.of(
                "Bundle-Version",
                "0.1.9",
                "Bundle-Activator",
                ThrowingActivator.class.getName(),
                "Import-Package",
                ",org.osgi.framework"),
            ThrowingActivator.class);
    say("tenon:swap", MALLOC, bad.toString()).ends(CRITICAL);
    String who = System.getProperty("user.name") + " (local)";
    say("tenon:swaps", "--json").has("\"by\" : \"" + who + "\"", "ROLLED_BACK");
    health("swaps").ends(WELL).has("WARN", "the swap to 0.1.9 that " + who + " wanted");
    say(
            "tenon:swap",
            MALLOC,
            Jars.changed(MALLOC, folder.resolve("good.jar"), Map.of("Bundle-Version", "0.1.10"))
                .toString())
        .ends(WELL);
    health("swaps").ends(WELL).has("No swap has gone wrong lately.");
  }
}
