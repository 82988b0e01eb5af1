package io.tenon.deploy.internal;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.jar.JarInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a file of the deploy folder is meant to be. */
final class Dropped {
  private static final Logger log = LoggerFactory.getLogger(NewerVersions.class);
  private static final String SYMBOLIC_NAME = "Bundle-SymbolicName";
  private static final String JAR = ".jar";

  private Dropped() {}

  /**
   * The bundle whose place it wants. A jar that is damaged or cut off is still known by its first entry, the manifest, and else by its name:
   * it must be refused as what it was meant to be, not be passed over as something unknown.
   *
   * @param names symbolic names of bundles that are there already
   */
  static Optional<String> bundleOf(Path file, Collection<String> names) {
    String fileName = file.getFileName().toString();
    if (!fileName.endsWith(JAR)) return Optional.empty();
    var said = symbolicName(file);
    if (said.isPresent()) return said.filter(names::contains);
    return names.stream()
        .filter(name -> fileName.equals(name + JAR) || fileName.startsWith(name + "-"))
        .max(Comparator.comparingInt(String::length));
  }

  private static Optional<String> symbolicName(Path file) {
    try (var jar = new JarInputStream(new BufferedInputStream(Files.newInputStream(file)), false)) {
      var manifest = jar.getManifest();
      if (manifest == null) return Optional.empty();
      String name = manifest.getMainAttributes().getValue(SYMBOLIC_NAME);
      if (name == null) return Optional.empty();
      int parameters = name.indexOf(';');
      return Optional.of((parameters < 0 ? name : name.substring(0, parameters)).strip());
    } catch (IOException | IllegalArgumentException e) {
      log.debug("{} has no manifest that can be read", file, e);
      return Optional.empty();
    }
  }
}
