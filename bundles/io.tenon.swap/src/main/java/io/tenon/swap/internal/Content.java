package io.tenon.swap.internal;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.osgi.framework.Bundle;

/** What a bundle consists of, as a jar. */
final class Content {
  private Content() {}

  /** Of what the framework has now, wherever it once came from: the file that it was installed from may be another one already. */
  static void save(Bundle bundle, Path to) throws IOException {
    try (var out = new ZipOutputStream(Files.newOutputStream(to))) {
      out.setLevel(0);
      // First, as in every jar.
      write(bundle, JarFile.MANIFEST_NAME, out);
      writeAll(bundle, "/", out);
    }
  }

  private static void writeAll(Bundle bundle, String folder, ZipOutputStream out)
      throws IOException {
    Enumeration<String> paths = bundle.getEntryPaths(folder);
    if (paths == null) return;
    for (String path : Collections.list(paths)) {
      if (path.endsWith("/")) writeAll(bundle, path, out);
      else if (!path.equals(JarFile.MANIFEST_NAME)) write(bundle, path, out);
    }
  }

  private static void write(Bundle bundle, String path, ZipOutputStream out) throws IOException {
    URL entry = bundle.getEntry(path);
    if (entry == null) throw new IOException(bundle + " has lost its " + path);
    out.putNextEntry(new ZipEntry(path));
    try (InputStream content = entry.openStream()) {
      content.transferTo(out);
    }
    out.closeEntry();
  }

  static String sha256(Path file) throws IOException {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      var buffer = new byte[64 << 10];
      try (var content = Files.newInputStream(file)) {
        for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
          digest.update(buffer, 0, read);
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
