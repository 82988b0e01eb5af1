package io.tenon.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** An unpacked distribution. */
record Home(Path path) {
  /** Set by the start script. */
  private static final String PROPERTY = "tenon.home";

  static Home find() throws RefusedException {
    var home = new Home(Path.of(System.getProperty(PROPERTY, ".")).toAbsolutePath().normalize());
    if (!Files.isDirectory(home.bundles())) {
      throw new RefusedException(
          "The node was not started: there are no bundles in " + home.bundles() + ".",
          "",
          "Start it by bin/tenon-node of an unpacked distribution.");
    }
    return home;
  }

  Path etc() {
    return path.resolve("etc");
  }

  Path optionsFile() {
    return path.resolve(Option.FILE);
  }

  /** Of the web console, as its settings are. */
  boolean asksForConsole() {
    return Files.exists(etc().resolve("io.tenon.console.cfg"));
  }

  private Path bundles() {
    return path.resolve("bundles");
  }

  /** In the order of their names, so that bundle ids are the same at every start. */
  List<Path> bundleFiles() throws IOException {
    try (Stream<Path> files = Files.list(bundles())) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
  }
}
