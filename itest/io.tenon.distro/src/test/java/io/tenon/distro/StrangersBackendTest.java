package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code examples/} as a stranger has it: copied to a folder of its own, built by Maven without the network from published artifacts,
 * and its backend put into a node that runs.
 */
@Timeout(1200)
class StrangersBackendTest {
  private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
  private static final String VERSION = "0.1.0-SNAPSHOT";
  private static final Pattern TESTS =
      Pattern.compile(
          "<testsuite [^>]*tests=\"(\\d+)\" errors=\"0\" skipped=\"(\\d+)\" failures=\"0\"");

  @TempDir private Path folder;

  @Test
  void aStrangersBackendPassesTheContractAndRunsInANodeThatIsRunning() throws Exception {
    Path examples = folder.resolve("examples");
    copy(ROOT.resolve("examples"), examples);
    Path repository = published();
    var built =
        DistroTool.run(
            List.of("mvn", "-o", "-B", "-q", "-Dmaven.repo.local=" + repository, "verify"),
            examples);
    assertEquals(0, built.status(), built.text());
    mustHaveRunTheContract(examples.resolve("mapped-backend/target/surefire-reports"));

    Path own = examples.resolve("own-distribution/target/own-distribution");
    assertTrue(DistroTool.names(own.resolve("bundles")).contains("com.example.mapped-1.0.0.jar"));
    assertFalse(DistroTool.must(own, "list", "bundles").contains("io.tenon.backend.aio"));
    ServedVolume.mustWork(own, "mapped", folder.resolve("own"));
    deploy(examples.resolve("mapped-backend/target/com.example.mapped-1.0.0.jar"));
  }

  private void mustHaveRunTheContract(Path reports) throws IOException {
    String report = "TEST-com.example.mapped.internal.MappedContractTest.xml";
    Matcher tests = TESTS.matcher(Files.readString(reports.resolve(report)));
    assertTrue(tests.find(), "no test failed");
    int run = Integer.parseInt(tests.group(1)) - Integer.parseInt(tests.group(2));
    assertTrue(run > 25, run + " tests ran");
  }

  private void deploy(Path jar) throws Exception {
    Path home = NodeProcess.home(Files.createDirectories(folder.resolve("running")));
    Path deploy = Files.createDirectories(folder.resolve("deploy"));
    Path data = folder.resolve("data");
    try (var node =
        NodeProcess.start(
            home,
            "--grpc",
            "127.0.0.1:0",
            "--nvme",
            "127.0.0.1:0",
            "--data",
            data.toString(),
            "--deploy",
            deploy.toString())) {
      node.await(Pattern.compile("ready in [0-9.]+ s"));
      assertFalse(NodeProcess.say(home, data, "tenon:backend", "list").contains("mapped"));
      Path arriving = Files.copy(jar, deploy.resolve("mapped.jar.new"));
      Files.move(arriving, deploy.resolve("mapped.jar"), StandardCopyOption.ATOMIC_MOVE);
      node.await(Pattern.compile("Started bundle: .*mapped.jar"));
      assertTrue(NodeProcess.say(home, data, "tenon:backend", "list").contains("mapped"));
      ServedVolume.mustServe(home, data, "mapped", folder.resolve("served"));
      assertEquals(0, node.terminate());
    }
  }

  /** What this build made, laid out as a repository, before the machine's own: symbolic links but for our own group. */
  private Path published() throws IOException {
    Path local = Path.of(System.getProperty("tenon.maven.repository"));
    Path repository = Files.createDirectories(folder.resolve("repository"));
    link(local, repository, "io");
    link(local.resolve("io"), Files.createDirectories(repository.resolve("io")), "tenon");
    Path group = Files.createDirectories(repository.resolve("io/tenon"));
    publish(group, "tenon-parent", ROOT, "pom");
    publish(group, "tenon-distribution-parent", ROOT.resolve("distro/parent"), "pom");
    publish(group, "tenon-node", ROOT.resolve("distro/node"), "pom");
    publish(group, "tenon-node", ROOT.resolve("distro/node"), "tar.gz");
    for (String api :
        List.of(
            "io.tenon.error",
            "io.tenon.linux",
            "io.tenon.reactor",
            "io.tenon.block",
            "io.tenon.block.testing")) {
      publish(group, api, ROOT.resolve("bundles").resolve(api), "pom");
      publish(group, api, ROOT.resolve("bundles").resolve(api), "jar");
    }
    return repository;
  }

  private static void link(Path from, Path to, String butNot) throws IOException {
    try (Stream<Path> all = Files.list(from)) {
      for (Path each : all.toList()) {
        if (each.endsWith(butNot)) continue;
        Files.createSymbolicLink(to.resolve(each.getFileName()), each);
      }
    }
  }

  private static void publish(Path group, String artifact, Path module, String type)
      throws IOException {
    Path from =
        switch (type) {
          case "pom" -> module.resolve("pom.xml");
          case "jar" -> module.resolve("target/" + artifact + "-" + VERSION + ".jar");
          default -> module.resolve("target/" + artifact + "." + type);
        };
    Path to = Files.createDirectories(group.resolve(artifact).resolve(VERSION));
    Files.copy(from, to.resolve(artifact + "-" + VERSION + "." + type));
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        Path relative = from.relativize(each);
        boolean isBuilt = false;
        for (Path part : relative) isBuilt |= part.toString().equals("target");
        if (!isBuilt) Files.copy(each, to.resolve(relative.toString()));
      }
    }
  }
}
