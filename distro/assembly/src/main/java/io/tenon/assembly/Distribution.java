package io.tenon.assembly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** An unpacked distribution. */
record Distribution(Path home) {
  static Distribution at(Path home) throws RefusedException {
    var found = new Distribution(home.toAbsolutePath().normalize());
    if (!Files.isDirectory(found.bundles()) || !Files.isDirectory(found.lib())) {
      throw new RefusedException(
          home + " is no distribution.",
          "It has no folders bundles and lib.",
          "Name the folder of an unpacked distribution, the one with bin/ in it.");
    }
    return found;
  }

  String name() {
    return String.valueOf(home.getFileName());
  }

  Path bundles() {
    return home.resolve("bundles");
  }

  Path lib() {
    return home.resolve("lib");
  }

  Path bin() {
    return home.resolve("bin");
  }

  Path etc() {
    return home.resolve("etc");
  }

  Path recipe() {
    return home.resolve(Recipe.FILE);
  }

  Path partsList() {
    return home.resolve(PartsList.FILE);
  }

  List<Path> bundleFiles() throws IOException {
    return jars(bundles());
  }

  /** In the order of their names. */
  static List<Path> jars(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
  }
}
