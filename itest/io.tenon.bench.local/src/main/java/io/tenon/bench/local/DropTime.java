package io.tenon.bench.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** From a newer jar in the deploy folder until its bundle serves, its device taken over. */
final class DropTime {
  private static final SwapKind KIND = SwapKind.ALL.getFirst();
  private static final long PATIENCE_S = 60;

  private DropTime() {}

  /**
   * @return one JSON object
   */
  static String measure(Path home, int drops) throws Exception {
    var work = Files.createTempDirectory("tenon-bench-");
    var deploy = Files.createDirectory(work.resolve("deploy"));
    try (var node = new BenchNode(home, work, "--deploy=" + deploy)) {
      for (String line : KIND.volume()) node.say(line);
      var took = new long[drops];
      for (int i = 0; i < drops; i++) {
        String version = "0.1." + (i + 1);
        var made = newer(KIND.jar(home), work.resolve("made.jar"), version);
        long startNs = System.nanoTime();
        Files.move(
            made,
            deploy.resolve(KIND.bundle() + "-" + version + ".jar"),
            StandardCopyOption.ATOMIC_MOVE);
        awaitUsed(node, version);
        took[i] = System.nanoTime() - startNs;
      }
      return "{\"bench\":\"swaps\",\"kind\":\"drop\",\"drops\":%d,%s}"
          .formatted(drops, Samples.shares("to_use", took));
    } finally {
      SwapBench.delete(work);
    }
  }

  /** A swap is in the history when every device works again, or when it came to nothing. */
  private static void awaitUsed(BenchNode node, String version) throws Exception {
    String named = "\"" + version + "\"";
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (!node.say("tenon:swaps --json").contains(named)) {
      if (System.nanoTime() > deadlineNs) throw new TimeoutException("nobody took " + version);
    }
    if (!node.say("tenon:backend list --json").contains(named)) {
      throw new IOException(version + " was not taken: " + node.say("tenon:swaps"));
    }
  }

  private static Path newer(Path jar, Path to, String version) throws IOException {
    try (var good = new JarFile(jar.toFile())) {
      var manifest = new Manifest(good.getManifest());
      manifest.getMainAttributes().putValue("Bundle-Version", version);
      try (var out = new JarOutputStream(Files.newOutputStream(to), manifest)) {
        for (JarEntry entry : (Iterable<JarEntry>) good.stream()::iterator) {
          if (entry.isDirectory() || entry.getName().equals(JarFile.MANIFEST_NAME)) continue;
          out.putNextEntry(new JarEntry(entry.getName()));
          good.getInputStream(entry).transferTo(out);
        }
      }
    }
    return to;
  }
}
