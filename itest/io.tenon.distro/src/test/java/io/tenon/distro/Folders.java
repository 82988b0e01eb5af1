package io.tenon.distro;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Of tests that the framework runs, which cannot have one made for them. */
final class Folders {
  private Folders() {}

  /** With the files in it. */
  static void delete(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) Files.delete(file);
    }
    Files.delete(folder);
  }
}
