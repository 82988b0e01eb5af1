package io.tenon.assembly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import org.osgi.framework.Version;
import org.osgi.framework.wiring.BundleRevision;

/**
 * A bundle that may become part of a distribution.
 *
 * @param own of the distribution that is asked; its file keeps its name
 */
record Candidate(Path file, boolean own, BundleRevision revision) {
  static final Comparator<Candidate> BY_NAME =
      Comparator.comparing(Candidate::name).thenComparing(Candidate::version);

  String name() {
    return revision.getSymbolicName();
  }

  Version version() {
    return revision.getVersion();
  }

  String fileName() {
    return own ? String.valueOf(file.getFileName()) : name() + "-" + version() + ".jar";
  }

  long sizeBytes() throws IOException {
    return Files.size(file);
  }

  String description() {
    String text = revision.getBundle().getHeaders("").get("Bundle-Description");
    return text == null ? "" : text;
  }

  @Override
  public String toString() {
    return name() + " " + version();
  }
}
