package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The distribution for one machine, started as it was built, with nothing set but where its data and ports are. */
@Timeout(600)
class AllInOneTest {
  private static final Path HOME = DistroTool.ALL_IN_ONE;
  private static final long DISK_BYTES = 256 << 20;
  private static final String MALLOC = "io.tenon.backend.malloc";

  @TempDir private Path folder;

  @Test
  void withItsDefaultsItServesAVolumeOfPoolReplicaAndNexus() throws Exception {
    Path disk = folder.resolve("disk");
    try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(DISK_BYTES);
    }
    var spoken = new SpokenNode(HOME, folder.resolve("one"));
    try (var node = NodeProcess.startReady(HOME, folder, "one")) {
      spoken.eventually("embedded", "tenon:store", "status");
      spoken.must("ONLINE", "tenon:pool", "create", "fast", disk.toString());
      spoken.must("r1", "tenon:replica", "create", "fast", "r1", "--size", "64MiB", "--thin");
      spoken.must(
          "ONLINE",
          "tenon:nexus",
          "create",
          "vol1",
          "--size",
          "32MiB",
          "--child",
          "bdev:///r1",
          "--info-key",
          "/vol1");
      ServedVolume.mustReadAndWrite(
          spoken.say("tenon:nexus", "publish", "vol1"), folder, "host-of-all-in-one");
      spoken.must("clean_shutdown", "tenon:store", "get", "/vol1");
      assertEquals(0, node.terminate());
    }
    try (var again = NodeProcess.startReady(HOME, folder, "one")) {
      spoken.eventually("r1", "tenon:replica", "list");
      assertEquals(0, again.terminate());
    }
  }

  @Test
  void itsDeployFolderIsThereFromTheStartAndIsWatched() throws Exception {
    Path data = folder.resolve("one");
    var spoken = new SpokenNode(HOME, data);
    try (var node = NodeProcess.startReady(HOME, folder, "one")) {
      Path newer =
          Jars.changed(MALLOC, folder.resolve("made.jar"), Map.of("Bundle-Version", "0.1.7"));
      Files.move(newer, data.resolve("deploy/newer.jar"), StandardCopyOption.ATOMIC_MOVE);
      spoken.eventually("\"version\" : \"0.1.7\"", "tenon:backend", "show", "malloc", "--json");
      assertEquals(0, node.terminate());
    }
  }

  /** What its README says that it has and has not. */
  @Test
  void itHasWhatTheNodeHasButTheStoreOfClusters() throws Exception {
    Set<String> node = names(DistroTool.NODE);
    Set<String> missing = new TreeSet<>(node);
    missing.removeAll(names(HOME));
    for (String name : missing) assertTrue(name.contains("etcd"), () -> "not in it: " + name);
    assertFalse(missing.isEmpty());
    assertTrue(node.containsAll(names(HOME)), "it has what the node has not");
  }

  private static Set<String> names(Path home) throws Exception {
    return DistroTool.names(home.resolve("bundles"));
  }
}
