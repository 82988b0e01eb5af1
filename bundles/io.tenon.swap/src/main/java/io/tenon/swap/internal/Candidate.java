package io.tenon.swap.internal;

import io.tenon.swap.SwapException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;

/**
 * A jar that wants to take a bundle's place, in a file that nobody else writes to. Nothing in it was run or installed.
 *
 * @param origin where it is from, for people
 */
record Candidate(
    Path file, Manifest manifest, String symbolicName, Version version, String origin) {
  private static final int TIMEOUT_MS = 10_000;
  private static final int BUFFER_BYTES = 64 << 10;
  private static final int MAX_ENTRIES = 20_000;
  private static final long MAX_EXPANDED_BYTES = 512L << 20;
  private static final long MAX_MANIFEST_BYTES = 1 << 20;

  /**
   * Takes a copy.
   *
   * @param bundle for whose place it is meant
   * @param copy where to
   */
  static Candidate read(String bundle, URI source, Path copy, long maxBytes) throws SwapException {
    try (var content = open(bundle, source)) {
      copy(bundle, source, content, copy, maxBytes);
    } catch (IOException e) {
      throw unreadable(bundle, source.toString(), e);
    }
    return of(bundle, copy, source.toString());
  }

  private static InputStream open(String bundle, URI source) throws SwapException, IOException {
    String scheme = String.valueOf(source.getScheme());
    return switch (scheme) {
      case "file" -> openFile(bundle, Path.of(source));
      case "http", "https" -> {
        URLConnection connection = source.toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MS);
        connection.setReadTimeout(TIMEOUT_MS);
        connection.setUseCaches(false);
        yield connection.getInputStream();
      }
      default ->
          throw Refusals.refused(
              bundle,
              "A jar is read from file:, http: and https:, not from " + scheme + ":.",
              "Give a file or such a URL.");
    };
  }

  private static InputStream openFile(String bundle, Path file) throws SwapException, IOException {
    if (!Files.exists(file) || Files.isRegularFile(file)) return Files.newInputStream(file);
    throw Refusals.refused(
        bundle, file + " is no ordinary file.", "Give the jar of the new bundle.");
  }

  private static void copy(String bundle, URI source, InputStream content, Path copy, long maxBytes)
      throws IOException, SwapException {
    try (var out =
        Files.newOutputStream(copy, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      var buffer = new byte[BUFFER_BYTES];
      long total = 0;
      while (true) {
        int count = content.read(buffer);
        if (count < 0) return;
        total += count;
        if (total > maxBytes) {
          throw Refusals.refused(
              bundle,
              source + " has more than " + maxBytes + " bytes.",
              "Give the jar of the new bundle, or allow more by max.bytes in etc/io.tenon.swap.cfg.");
        }
        out.write(buffer, 0, count);
      }
    }
  }

  /**
   * @param file already the caller's own
   */
  static Candidate of(String bundle, Path file, String origin) throws SwapException {
    try (var jar = new JarFile(file.toFile(), false)) {
      readAll(bundle, jar);
      var manifest = jar.getManifest();
      if (manifest == null) {
        throw Refusals.refused(
            bundle, origin + " has no manifest, so it is no bundle.", "Give a bundle's jar.");
      }
      return of(bundle, file, manifest, origin);
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      throw unreadable(bundle, origin, e);
    }
  }

  /** Each byte once: a jar that is cut off or damaged shall not be found out about later. */
  private static void readAll(String bundle, JarFile jar) throws IOException, SwapException {
    var buffer = new byte[BUFFER_BYTES];
    long expanded = 0;
    int count = 0;
    for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
      long before = expanded;
      expanded = readThrough(jar, entry, buffer, expanded);
      boolean hugeManifest =
          entry.getName().equalsIgnoreCase(JarFile.MANIFEST_NAME)
              && expanded - before > MAX_MANIFEST_BYTES;
      if (++count > MAX_ENTRIES || expanded > MAX_EXPANDED_BYTES || hugeManifest) {
        throw Refusals.refused(
            bundle, "The new jar holds more than a bundle ever does.", "Give a bundle's jar.");
      }
    }
  }

  private static long readThrough(JarFile jar, ZipEntry entry, byte[] buffer, long expanded)
      throws IOException {
    long total = expanded;
    var sum = new CRC32();
    try (var content = jar.getInputStream(entry)) {
      for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
        total += read;
        sum.update(buffer, 0, read);
        if (total > MAX_EXPANDED_BYTES) return total;
      }
    }
    // Nobody compares it but ZipInputStream, which in turn does not look at the directory.
    if (sum.getValue() != entry.getCrc()) throw new IOException(entry.getName() + " is damaged");
    return total;
  }

  private static Candidate of(String bundle, Path file, Manifest manifest, String origin)
      throws SwapException {
    Attributes headers = manifest.getMainAttributes();
    String name = headers.getValue(Constants.BUNDLE_SYMBOLICNAME);
    if (name == null || !"2".equals(headers.getValue(Constants.BUNDLE_MANIFESTVERSION))) {
      throw Refusals.refused(
          bundle,
          origin
              + " is no bundle: its manifest has no Bundle-SymbolicName, or is of another version.",
          "Give a bundle's jar.");
    }
    if (headers.getValue(Constants.FRAGMENT_HOST) != null) {
      throw Refusals.refused(bundle, origin + " is a fragment.", "Give a whole bundle.");
    }
    int parameters = name.indexOf(';');
    String symbolicName = (parameters < 0 ? name : name.substring(0, parameters)).strip();
    String version = headers.getValue(Constants.BUNDLE_VERSION);
    return new Candidate(
        file,
        manifest,
        symbolicName,
        version == null ? Version.emptyVersion : Version.parseVersion(version.strip()),
        origin);
  }

  private static SwapException unreadable(String bundle, String origin, Exception why) {
    return Refusals.refused(
        bundle, origin + " cannot be read as a jar: " + reason(why) + ".", "Give a bundle's jar.");
  }

  private static String reason(Exception why) {
    if (why instanceof NoSuchFileException) return "there is no such file";
    return Objects.requireNonNullElse(why.getMessage(), "its content makes no sense");
  }
}
