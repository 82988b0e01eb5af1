package io.tenon.swap.internal;

import io.tenon.block.DeviceOwner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.osgi.framework.Constants;

/** A bundle under another name, so that it can run beside the one that it shall replace. It was checked before, its signatures as well. */
final class CanaryJar {
  private static final String SUFFIX = ".canary";
  private static final String META_INF = "META-INF/";

  private CanaryJar() {}

  static String nameOf(String bundle) {
    return bundle + SUFFIX;
  }

  static void make(Candidate candidate, Path to) throws IOException {
    var manifest = new Manifest(candidate.manifest());
    // Digests of entries: nobody asks for them any more.
    manifest.getEntries().clear();
    var headers = manifest.getMainAttributes();
    headers.putValue(Constants.BUNDLE_SYMBOLICNAME, nameOf(candidate.symbolicName()));
    headers.putValue(DeviceOwner.TRIAL_HEADER, "yes");
    try (var from = new JarFile(candidate.file().toFile(), false);
        var out = new JarOutputStream(Files.newOutputStream(to), manifest)) {
      for (JarEntry entry : (Iterable<JarEntry>) from.stream()::iterator) {
        if (entry.isDirectory() || isOfManifest(entry.getName())) continue;
        out.putNextEntry(new JarEntry(entry.getName()));
        try (var content = from.getInputStream(entry)) {
          content.transferTo(out);
        }
      }
    }
  }

  private static boolean isOfManifest(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return upper.equals(JarFile.MANIFEST_NAME)
        || (upper.startsWith(META_INF)
            && (upper.endsWith(".SF") || upper.endsWith(".RSA") || upper.endsWith(".EC")));
  }
}
