package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Distributions made by {@code bin/tenon-distro} of those that were built: what is in them, and that they run. */
@Timeout(900)
class AssembledDistributionTest {
  @TempDir private Path folder;

  private Path create(Path by, String name, String... more) throws Exception {
    Path out = folder.resolve(name);
    var words = new String[more.length + 4];
    System.arraycopy(new String[] {"create", name, "-o", out.toString()}, 0, words, 0, 4);
    System.arraycopy(more, 0, words, 4, more.length);
    String said = DistroTool.must(by, words);
    assertTrue(said.contains("Made " + out), said);
    return out;
  }

  @Test
  void whatIsMadeServesAVolumeAndMakesOthers() throws Exception {
    Path mine =
        create(
            DistroTool.NODE,
            "mine",
            "--feature",
            "shell",
            "--backend",
            "aio",
            "--transport",
            "nvme-tcp");
    String bundles = DistroTool.must(mine, "list", "bundles");
    assertFalse(bundles.contains("io.tenon.engine"), bundles);
    assertFalse(bundles.contains("io.tenon.backend.uring"), bundles);
    assertTrue(bundles.contains("io.tenon.backend.aio"), bundles);
    ServedVolume.mustWork(mine, "aio", folder);

    Path other = create(mine, "other", "--feature", "shell", "--backend", "aio");
    assertTrue(DistroTool.names(other.resolve("bin")).contains("tenon-distro"));
    try (var node = NodeProcess.startReady(other, folder, "other-data")) {
      assertEquals(0, node.terminate());
    }
  }

  /** What the build made, by the same parent that strangers have. */
  @Test
  void theMinimalDistributionServesAVolume() throws Exception {
    Set<String> backends = Set.of("aio", "nvmf", "nvmf+tcp", "nvmf+rdma+tcp");
    String said = DistroTool.must(DistroTool.MINIMAL, "list", "backends");
    for (String line : said.split("\n")) {
      if (line.startsWith("  ")) assertTrue(backends.contains(line.strip().split(" ")[0]), said);
    }
    ServedVolume.mustWork(DistroTool.MINIMAL, "aio", folder);
  }

  @Test
  void aStoreComesWithWhatMakesItOfUseAndWithItsSettings() throws Exception {
    Path mine = create(DistroTool.NODE, "mine", "--feature", "shell", "--store", "etcd");
    String bundles = DistroTool.must(mine, "list", "bundles");
    assertTrue(bundles.contains("io.tenon.stores "), bundles);
    assertFalse(bundles.contains("io.tenon.metadata.embedded"), bundles);
    assertEquals("store=etcd\n", Files.readString(mine.resolve("etc/io.tenon.metadata.cfg")));
  }

  /** Two resolvers that know nothing of each other. */
  @Test
  void theToolFindsTheBundlesThatTheBuildFound() throws Exception {
    Path again =
        create(
            DistroTool.NODE,
            "again",
            "--bndrun",
            DistroTool.NODE.resolve("distribution.bndrun").toString());
    assertEquals(
        DistroTool.names(DistroTool.NODE.resolve("bundles")),
        DistroTool.names(again.resolve("bundles")));
    var diff = DistroTool.run(DistroTool.NODE, "diff", DistroTool.NODE.toString(), "" + again);
    assertEquals(0, diff.status(), diff.text());
  }

  @Test
  void whatCannotBeResolvedIsNamedAndNothingIsLeft() throws Exception {
    Path out = folder.resolve("never");
    var said =
        DistroTool.run(
            DistroTool.MINIMAL, "create", "never", "--feature", "engine-grpc", "-o", "" + out);
    assertEquals(2, said.status(), said.text());
    assertTrue(said.text().contains("there is no feature engine-grpc."), said.text());
    assertTrue(said.text().contains("There is core, nvme-tcp, shell."), said.text());
    assertEquals(Set.of(), DistroTool.names(folder));
  }

  @Test
  void everyBundleOfTheNodeIsExplained() throws Exception {
    String chain = DistroTool.must(DistroTool.NODE, "explain", "io.netty.common");
    assertTrue(chain.contains("You asked for feature "), chain);
    assertFalse(chain.contains("somebody put it there"), chain);
    assertTrue(
        Pattern.compile("io\\.netty\\.\\S+ needs package io\\.netty\\.util").matcher(chain).find(),
        chain);
  }

  @Test
  void thePartsListHasWhatIsInTheFolderAndNothingElse() throws Exception {
    String parts = Files.readString(DistroTool.MINIMAL.resolve("sbom.json"));
    assertTrue(parts.contains("\"specVersion\" : \"1.6\""), parts);
    for (String part : new String[] {"bundles", "lib"}) {
      for (String name : DistroTool.names(DistroTool.MINIMAL.resolve(part))) {
        if (!name.endsWith(".jar")) continue;
        byte[] jar = Files.readAllBytes(DistroTool.MINIMAL.resolve(part).resolve(name));
        assertTrue(parts.contains(Jars.sha256(jar)), name);
      }
    }
    assertTrue(parts.contains("pkg:maven/org.apache.felix/org.apache.felix.scr@"), parts);
    assertFalse(parts.contains("grpc"), "a part of the node that is not in this one");
  }
}
