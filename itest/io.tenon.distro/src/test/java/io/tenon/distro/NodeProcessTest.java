package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The node as a process: how it starts, what it says, how it ends. */
@Timeout(90)
class NodeProcessTest {
  private static final Pattern READY =
      Pattern.compile(
          "ready in [0-9.]+ s: grpc (\\S+):(\\d+), nvme (\\S+):(\\d+), shell \\S+/shell/socket$");
  private static final Pattern PARALLELISM = Pattern.compile("parallelism = (\\d+)");
  private static final String ANY_PORT = "127.0.0.1:0";

  @TempDir private Path folder;
  private Path home;
  private Path data;

  @BeforeEach
  void unpack() throws IOException {
    home = NodeProcess.home(folder);
    data = folder.resolve("data");
  }

  private NodeProcess start(String... more) throws IOException {
    return NodeProcess.start(
        home,
        Stream.concat(
                Stream.of("--grpc", ANY_PORT, "--nvme", ANY_PORT, "--data", data.toString()),
                Stream.of(more))
            .toArray(String[]::new));
  }

  @Test
  void saysWhereItListensAndEndsInOrder() throws Exception {
    try (var node = start("--name", "n1")) {
      Matcher ready = node.await(READY);
      mustAnswer(ready.group(1), ready.group(2));
      mustAnswer(ready.group(3), ready.group(4));
      String file = Files.readString(data.resolve("ready.json"));
      assertTrue(file.contains("\"pid\": " + node.pid() + ","), file);
      assertTrue(file.contains("\"grpc\": \"127.0.0.1:" + ready.group(2) + "\""), file);
      assertTrue(file.contains("\"nvme\": \"127.0.0.1:" + ready.group(4) + "\""), file);

      assertEquals(0, node.terminate());
      assertFalse(Files.exists(data.resolve("ready.json")));
    }
  }

  private static void mustAnswer(String address, String port) throws IOException {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, Integer.parseInt(port)), 5_000);
      assertTrue(socket.isConnected());
    }
  }

  @Test
  void virtualThreadsHaveFourCarriersAlsoOnASmallMachine() throws Exception {
    try (var node = start()) {
      node.await(READY);
      String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
      var asked =
          new ProcessBuilder(jcmd, String.valueOf(node.pid()), "Thread.vthread_scheduler")
              .redirectErrorStream(true)
              .start();
      String said = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      var parallelism = PARALLELISM.matcher(said);
      assertTrue(parallelism.find(), said);
      assertTrue(Integer.parseInt(parallelism.group(1)) >= 4, said);
      assertEquals(0, node.terminate());
    }
  }

  @Test
  void aNodeThatWasKilledIsNoHindranceToTheNext() throws Exception {
    try (var killed = start()) {
      killed.await(READY);
    }
    try (var next = start()) {
      next.await(READY);
      assertEquals(0, next.terminate());
    }
  }

  @Test
  void aSecondNodeOnTheSameFolderIsRefused() throws Exception {
    try (var first = start()) {
      first.await(READY);
      try (var second = start()) {
        assertEquals(2, second.status());
        assertTrue(second.complaint().contains("A running node uses it: process " + first.pid()));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--nothing, x, Unknown option",
    "--grpc, 127.0.0.1, It has no port",
    "--grpc, 127.0.0.1:70000, not a number from 0 to 65535",
    "--nvme, 192.0.2.1:8420, This machine has no address 192.0.2.1",
    "--cores, 4000, is not one that this process may run on",
    "--data, /proc/nothing, cannot be made",
    "--deploy, /nowhere, There is no folder",
    "--name, a b, letters",
  })
  void aWrongValueIsRefusedWithItsReason(String option, String value, String reason)
      throws Exception {
    try (var node = NodeProcess.start(home, option, value)) {
      assertEquals(2, node.status());
      String complaint = node.complaint();
      assertTrue(complaint.contains(reason), complaint);
      assertTrue(complaint.contains(option), complaint);
    }
  }

  @Test
  void helpNamesEveryOption() throws Exception {
    try (var node = NodeProcess.start(home, "--help")) {
      String help = node.output();
      assertEquals(0, node.status());
      for (String option :
          new String[] {"--name", "--grpc", "--nvme", "--data", "--cores", "--shell", "--deploy"}) {
        assertTrue(help.contains(option), option);
        assertTrue(help.contains(option.replace("--", "TENON_").toUpperCase(Locale.ROOT)));
      }
    }
  }

  @Test
  void aSettingInEtcIsAppliedWhileTheNodeRuns() throws Exception {
    try (var node = start()) {
      node.await(READY);
      Files.writeString(home.resolve("etc/some.part.cfg"), "speed=7\n");
      node.await(Pattern.compile("Configuration of some.part is now \\{speed=7\\}"));
      Files.delete(home.resolve("etc/some.part.cfg"));
      node.await(Pattern.compile("Configuration of some.part removed"));
    }
  }

  @Test
  void aBundleInTheDeployFolderRunsUntilItIsTakenOut() throws Exception {
    Path deploy = Files.createDirectories(folder.resolve("deploy"));
    Path backend = takeOut("io.tenon.backend.nil");
    try (var node = start("--deploy", deploy.toString())) {
      node.await(READY);
      Path arriving = deploy.resolve("nil.jar.new");
      Files.copy(backend, arriving);
      Path there = Files.move(arriving, deploy.resolve("nil.jar"), StandardCopyOption.ATOMIC_MOVE);
      node.await(Pattern.compile("Started bundle: .*nil.jar"));
      Files.delete(there);
      node.await(Pattern.compile("Uninstalling bundle .*io.tenon.backend.nil"));
      assertEquals(0, node.terminate());
    }
  }

  /** A home whose bundles lack one; tells where that one is. */
  private Path takeOut(String symbolicName) throws IOException {
    Path bundles = home.resolve("bundles");
    Path built = bundles.toRealPath();
    Files.delete(bundles);
    Files.createDirectories(bundles);
    Path left = null;
    try (Stream<Path> jars = Files.list(built)) {
      for (Path jar : jars.toList()) {
        if (jar.getFileName().toString().startsWith(symbolicName + "-")) left = jar;
        else Files.createSymbolicLink(bundles.resolve(jar.getFileName()), jar);
      }
    }
    return Objects.requireNonNull(left, symbolicName);
  }
}
