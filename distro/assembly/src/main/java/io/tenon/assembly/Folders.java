package io.tenon.assembly;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Trees of files as a whole. */
final class Folders {
  private Folders() {}

  /** Also when it is not there. */
  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) return;
    var _ =
        Files.walkFileTree(
            folder,
            new SimpleFileVisitor<Path>() {
              @Override
              public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                  throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
              }

              @Override
              public FileVisitResult postVisitDirectory(Path left, @Nullable IOException failed)
                  throws IOException {
                if (failed != null) throw failed;
                Files.delete(left);
                return FileVisitResult.CONTINUE;
              }
            });
  }

  /** The files in it, not those below, in the order of their names. */
  static List<Path> files(Path folder) throws IOException {
    try (var all = Files.list(folder)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  static long sizeBytes(Path folder) throws IOException {
    long sum = 0;
    try (var files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (Files.isRegularFile(file)) sum += Files.size(file);
      }
    }
    return sum;
  }
}
