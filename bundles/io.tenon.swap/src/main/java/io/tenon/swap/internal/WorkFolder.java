package io.tenon.swap.internal;

import io.tenon.swap.SwapException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A folder for the files of one swap; gone with it. */
record WorkFolder(Path path) implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(WorkFolder.class);
  private static final String PREFIX = "work-";

  /** Only this user looks into it: what was checked there must be what is installed. */
  static WorkFolder in(Path folder, String bundle) throws SwapException {
    try {
      return make(folder);
    } catch (IOException e) {
      throw Refusals.refused(
          bundle,
          "There is no room for its files in " + folder + ": " + e + ".",
          "See what ails that disk.");
    }
  }

  static WorkFolder make(Path folder) throws IOException {
    return new WorkFolder(Files.createTempDirectory(folder, PREFIX));
  }

  /** Those of a node that was killed. */
  static void removeAll(Path folder) throws IOException {
    try (Stream<Path> left = Files.list(folder)) {
      for (Path path : left.filter(WorkFolder::isOne).toList()) new WorkFolder(path).close();
    }
  }

  private static boolean isOne(Path path) {
    return path.getFileName().toString().startsWith(PREFIX);
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.list(path)) {
      for (Path file : files.toList()) Files.delete(file);
      Files.delete(path);
    } catch (IOException e) {
      log.warn("{} was not removed: {}", path, e.toString());
    }
  }
}
