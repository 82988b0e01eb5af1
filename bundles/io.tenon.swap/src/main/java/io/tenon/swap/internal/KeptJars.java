package io.tenon.swap.internal;

import io.tenon.swap.KeptBundle;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bundles that were swapped in, for the next start of the node: the launcher puts them in the distribution's places. One jar each, and
 * beside it a file of properties that names it; that file is written last, whole or not at all. The launcher's README has the format.
 */
final class KeptJars {
  private static final Logger log = LoggerFactory.getLogger(KeptJars.class);
  private static final String DESCRIPTION = ".properties";
  private static final String REFERENCE = "reference:";

  private final Path folder;

  KeptJars(Path folder) {
    this.folder = folder;
  }

  /** The jar of the distribution that the launcher has installed it from; empty for bundles that came otherwise. */
  static Optional<Path> distributionJar(Bundle bundle) {
    String location = bundle.getLocation();
    if (!location.startsWith(REFERENCE + "file:")) return Optional.empty();
    var file = Path.of(URI.create(location.substring(REFERENCE.length())));
    return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
  }

  /** Takes the jar, durably. */
  void keep(Bundle bundle, Path jar, Path distributionJar, String distributionVersion, String by)
      throws IOException {
    String name = bundle.getSymbolicName();
    String sum = Content.sha256(jar);
    String distributionSum = Content.sha256(distributionJar);
    if (sum.equals(distributionSum)) {
      forget(name);
      return;
    }
    Files.createDirectories(folder);
    var kept = folder.resolve(name + "-" + sum.substring(0, 16) + ".jar");
    force(jar);
    Files.move(jar, kept, StandardCopyOption.ATOMIC_MOVE);
    var description = new Properties();
    description.setProperty("jar", kept.getFileName().toString());
    description.setProperty("sha256", sum);
    description.setProperty("version", bundle.getVersion().toString());
    description.setProperty("distribution.sha256", distributionSum);
    description.setProperty("distribution.version", distributionVersion);
    description.setProperty("since", Instant.now().toString());
    description.setProperty("by", by);
    var text = new StringWriter();
    description.store(text, "In place of the distribution's " + name);
    var written = folder.resolve(name + DESCRIPTION + ".new");
    Files.writeString(written, text.toString());
    force(written);
    Files.move(written, description(name), StandardCopyOption.ATOMIC_MOVE);
    forceFolder();
    removeOthers(name, Optional.of(kept));
  }

  void forget(String name) throws IOException {
    if (!Files.deleteIfExists(description(name))) return;
    forceFolder();
    removeOthers(name, Optional.empty());
  }

  private void removeOthers(String name, Optional<Path> kept) throws IOException {
    var old = new ArrayList<Path>();
    try (Stream<Path> files = Files.list(folder)) {
      String jarOfIt = java.util.regex.Pattern.quote(name) + "-[0-9a-f]{16}\\.jar";
      files
          .filter(file -> file.getFileName().toString().matches(jarOfIt))
          .filter(file -> !Optional.of(file).equals(kept))
          .forEach(old::add);
    }
    for (Path file : old) Files.delete(file);
  }

  private Path description(String name) {
    return folder.resolve(name + DESCRIPTION);
  }

  private static void force(Path file) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private void forceFolder() throws IOException {
    try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  Optional<KeptBundle> of(String name) {
    if (!Files.exists(description(name))) return Optional.empty();
    try {
      var description = new Properties();
      description.load(
          new StringReader(Files.readString(description(name), StandardCharsets.UTF_8)));
      return Optional.of(
          new KeptBundle(
              name,
              description.getProperty("version", ""),
              description.getProperty("sha256", ""),
              description.getProperty("distribution.version", ""),
              Instant.parse(description.getProperty("since", "")),
              description.getProperty("by", "")));
    } catch (IOException | IllegalArgumentException | DateTimeParseException e) {
      log.warn("{} is not understood: {}", description(name), e.toString());
      return Optional.empty();
    }
  }

  boolean isOf(String name, Path jar) throws IOException {
    var one = of(name);
    return one.isPresent() && one.get().sha256().equals(Content.sha256(jar));
  }

  List<KeptBundle> all() {
    if (!Files.isDirectory(folder)) return List.of();
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(DESCRIPTION))
          .map(name -> name.substring(0, name.length() - DESCRIPTION.length()))
          .sorted()
          .flatMap(name -> of(name).stream())
          .toList();
    } catch (IOException e) {
      log.warn("kept bundles in {} were not read: {}", folder, e.toString());
      return List.of();
    }
  }
}
