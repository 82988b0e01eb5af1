package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images made without a registry: the layout holds what it says, and what is in it starts as a user without rights. */
@Timeout(900)
class ImageTest {
  private static final Pattern DIGEST = Pattern.compile("\"digest\":\"sha256:([0-9a-f]{64})\"");
  private static final Pattern PLAIN = Pattern.compile("\"sha256:([0-9a-f]{64})\"");
  private static final String USER = "10001:10001";
  private static final long READY_WITHIN_SECONDS = 120;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"node", "all-in-one", "minimal"})
  void theImageHoldsWhatItSaysAndStartsAsAUserWithoutRights(String which) throws Exception {
    Path home =
        switch (which) {
          case "node" -> DistroTool.NODE;
          case "all-in-one" -> DistroTool.ALL_IN_ONE;
          default -> DistroTool.MINIMAL;
        };
    boolean hasEngine = !which.equals("minimal");
    Path image = folder.resolve("image.tar");
    DistroTool.must(home, "image", "-o", image.toString());
    Path layout = Files.createDirectories(folder.resolve("layout"));
    must("tar", "-xf", image.toString(), "-C", layout.toString());
    assertTrue(Files.readString(layout.resolve("oci-layout")).contains("1.0.0"));

    String manifest = blob(layout, first(DIGEST, Files.readString(layout.resolve("index.json"))));
    List<String> digests = all(DIGEST, manifest);
    String config = blob(layout, digests.getFirst());
    List<String> layers = digests.subList(1, digests.size());
    assertTrue(config.contains("\"User\":\"" + USER + "\""), config);
    assertTrue(config.contains("\"Entrypoint\":[\"/opt/tenon/bin/tenon-node\"]"), config);
    assertTrue(config.contains("\"8420/tcp\""), config);
    assertEquals(hasEngine, config.contains("\"10124/tcp\""), config);

    mustBeReadByOthers(layout, layers);

    List<String> plain = all(PLAIN, config.substring(config.indexOf("\"diff_ids\"")));
    assertEquals(layers.size(), plain.size());
    Path root = Files.createDirectories(folder.resolve("root"));
    for (int i = 0; i < layers.size(); i++) {
      Path layer = layout.resolve("blobs/sha256").resolve(layers.get(i));
      assertEquals(layers.get(i), Jars.sha256(Files.readAllBytes(layer)));
      try (var packed = new java.util.zip.GZIPInputStream(Files.newInputStream(layer))) {
        assertEquals(plain.get(i), Jars.sha256(packed.readAllBytes()));
      }
      must("tar", "-xzf", layer.toString(), "-C", root.toString(), "--same-permissions");
    }
    mustListItsParts(root, hasEngine);
    mustStart(root, config);
  }

  /** A tool of those who made the format; ./test installs it. */
  private void mustBeReadByOthers(Path layout, List<String> layers) throws Exception {
    if (run("sh", "-c", "command -v skopeo").status() != 0) return;
    var said = run("skopeo", "inspect", "oci:" + layout);
    assertEquals(0, said.status(), said.text());
    for (String layer : layers) assertTrue(said.text().contains("sha256:" + layer), said.text());
    assertTrue(said.text().contains("\"Architecture\""), said.text());
  }

  private static void mustListItsParts(Path root, boolean hasEngine) throws IOException {
    String parts = Files.readString(root.resolve("opt/tenon/sbom.json"));
    assertTrue(parts.contains("pkg:maven/org.apache.felix/org.apache.felix.scr@"), parts);
    assertTrue(parts.contains("libc.so.6"), parts);
    assertTrue(parts.contains("\"Java "), parts);
    assertEquals(hasEngine, parts.contains("io.tenon.wrap.grpc"));
    for (String name : DistroTool.names(root.resolve("opt/tenon/bundles"))) {
      byte[] jar = Files.readAllBytes(root.resolve("opt/tenon/bundles").resolve(name));
      assertTrue(parts.contains(Jars.sha256(jar)), name);
    }
  }

  /** As a container runtime does, without one: another root, its own devices and processes, and the user of the image. */
  private void mustStart(Path root, String config) throws Exception {
    boolean isRoot = run("id", "-u").text().strip().equals("0");
    assumeTrue(isRoot, "another root folder needs the right to have one");
    assumeTrue(run("unshare", "--mount", "true").status() == 0, "no mounts of its own");
    var script = new StringBuilder("set -e\ncd ").append(root).append('\n');
    script.append("mount --bind /dev dev\nmount -t proc proc proc\n");
    script.append("exec env -i");
    for (String each : environment(config)) script.append(" '").append(each).append('\'');
    script.append(" /usr/sbin/chroot --userspec=").append(USER).append(" .");
    script.append(" /opt/tenon/bin/tenon-node --grpc 127.0.0.1:0 --nvme 127.0.0.1:0\n");
    var process =
        new ProcessBuilder("unshare", "--mount", "sh", "-c", script.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    try {
      Path ready = root.resolve("var/lib/tenon/ready.json");
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_WITHIN_SECONDS);
      while (!Files.exists(ready)) {
        assertTrue(process.isAlive(), this::log);
        assertTrue(System.nanoTime() < deadline, this::log);
        assertFalse(process.waitFor(100, TimeUnit.MILLISECONDS), this::log);
      }
      assertEquals(10_001, Files.getAttribute(ready, "unix:uid"));
      String status = Files.readString(Path.of("/proc", process.pid() + "", "status"));
      assertTrue(Pattern.compile("(?m)^Uid:\\s+10001\\s+10001\\s+").matcher(status).find(), status);
      process.toHandle().destroy();
      assertTrue(process.waitFor(READY_WITHIN_SECONDS, TimeUnit.SECONDS), this::log);
      assertEquals(0, process.exitValue(), this::log);
    } finally {
      process.destroyForcibly();
    }
  }

  private String log() {
    try {
      return Files.readString(folder.resolve("log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static List<String> environment(String config) {
    Matcher list = Pattern.compile("\"Env\":\\[([^]]*)]").matcher(config);
    assertTrue(list.find(), config);
    return all(Pattern.compile("\"([^\"]+)\""), list.group(1));
  }

  private static String blob(Path layout, String sha256) throws IOException {
    byte[] content = Files.readAllBytes(layout.resolve("blobs/sha256").resolve(sha256));
    assertEquals(sha256, Jars.sha256(content));
    return new String(content, StandardCharsets.UTF_8);
  }

  private static String first(Pattern pattern, String text) {
    return all(pattern, text).getFirst();
  }

  private static List<String> all(Pattern pattern, String text) {
    var found = new ArrayList<String>();
    Matcher each = pattern.matcher(text);
    while (each.find()) found.add(each.group(1));
    assertFalse(found.isEmpty(), text);
    return found;
  }

  private DistroTool.Said run(String... words) throws Exception {
    return DistroTool.run(List.of(words), folder);
  }

  private void must(String... words) throws Exception {
    var said = run(words);
    assertEquals(0, said.status(), said.text());
  }
}
