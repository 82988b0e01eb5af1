package io.tenon.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Properties;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;

/**
 * Bundles that were swapped in while the node ran: they take the places of the distribution's again. One that was made for another
 * distribution, is damaged or does not start is passed over, and the node says so. README.md has the format.
 */
record KeptBundles(Path folder) {
  static KeptBundles of(Path data) {
    return new KeptBundles(data.resolve("swaps").resolve("kept"));
  }

  /** Its place stays that of the distribution's file, so that an update without a jar leads back there. */
  Bundle install(BundleContext context, Path file) throws BundleException, IOException {
    String place = "reference:" + file.toUri();
    var kept = insteadOf(file);
    if (kept.isEmpty()) return context.installBundle(place);
    try (InputStream content = Files.newInputStream(kept.get())) {
      Bundle bundle = context.installBundle(place, content);
      say("%s runs in place of the distribution's".formatted(kept.get()));
      return bundle;
    } catch (BundleException e) {
      say("%s is passed over: %s".formatted(kept.get(), e.getMessage()));
      return context.installBundle(place);
    }
  }

  /** Starts it; should one that was swapped in fail, the distribution's own. */
  void start(Bundle bundle) throws BundleException, IOException {
    try {
      bundle.start();
    } catch (BundleException e) {
      var description = description(bundle.getSymbolicName());
      if (!Files.exists(description)) throw e;
      say("%s is passed over: %s".formatted(description, e.getMessage()));
      Files.delete(description);
      bundle.update();
      bundle.start();
    }
  }

  private Path description(String bundle) {
    return folder.resolve(bundle + ".properties");
  }

  private Optional<Path> insteadOf(Path file) throws IOException {
    if (!Files.isDirectory(folder)) return Optional.empty();
    // Distribution's files are NAME-VERSION.jar.
    String name = file.getFileName().toString().replaceFirst("-[0-9].*\\.jar$", "");
    var description = description(name);
    if (!Files.exists(description)) return Optional.empty();
    var kept = new Properties();
    kept.load(new StringReader(Files.readString(description)));
    var jar = folder.resolve(kept.getProperty("jar", ""));
    String why = "";
    if (!sha256(file).equals(kept.getProperty("distribution.sha256"))) {
      why = "the distribution has another one than it was made for";
    } else if (!Files.isRegularFile(jar) || !sha256(jar).equals(kept.getProperty("sha256"))) {
      why = "its jar is damaged";
    }
    if (why.isEmpty()) return Optional.of(jar);
    say("%s is passed over: %s".formatted(description, why));
    Files.delete(description);
    return Optional.empty();
  }

  private static String sha256(Path file) throws IOException {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static void say(String what) {
    System.err.println("tenon-node: " + what + ".");
  }
}
