package io.tenon.assembly;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleException;
import picocli.CommandLine.Option;

/** Where bundles come from; the same options for every command that looks at them. */
final class Sources {
  @Option(
      names = "--from",
      paramLabel = "DIR",
      description = "Distribution to take bundles, scripts and libraries of. Default: this one.")
  @Nullable Path from;

  @Option(
      names = "--bundles",
      paramLabel = "DIR",
      description = "Folder with more bundles. Can be given several times.")
  List<Path> folders = new ArrayList<>();

  @Option(
      names = "--maven",
      paramLabel = "G:A:V",
      description =
          "One more bundle, by group, artifact and version, as Maven writes them: from the local Maven repository, else"
              + " downloaded and checked by its SHA-1. Not what it depends on: name that as well. Can be given several times.")
  List<String> coordinates = new ArrayList<>();

  @Option(
      names = "--maven-repository",
      paramLabel = "URL",
      description = "Where to download from. Can be given several times. Default: Maven Central.")
  List<URI> repositories = new ArrayList<>();

  @Option(
      names = "--maven-local",
      paramLabel = "DIR",
      description = "The local Maven repository. Default: ~/.m2/repository.")
  Path local = Maven.defaultLocal();

  Distribution base() throws RefusedException {
    Path home = from == null ? Path.of(System.getProperty("tenon.home", ".")) : from;
    return Distribution.at(home);
  }

  /** What is done with all that there is to choose from. */
  interface Use {
    void of(Catalog catalog) throws IOException, RefusedException;
  }

  /** Says at the end what was passed over; what was downloaded is there only meanwhile. */
  void use(Distribution base, Use use) throws IOException, BundleException, RefusedException {
    Path downloads = Files.createTempDirectory("tenon-distro-maven");
    try (Catalog catalog = Catalog.open()) {
      fill(catalog, base, downloads);
      use.of(catalog);
      for (String each : catalog.passedOver()) System.err.println("Passed over " + each + ".");
    } finally {
      Folders.delete(downloads);
    }
  }

  private void fill(Catalog catalog, Distribution base, Path downloads)
      throws IOException, RefusedException {
    catalog.addAll(base.bundleFiles(), true);
    for (Path folder : folders) {
      if (!Files.isDirectory(folder)) {
        throw new RefusedException(
            "There is no folder " + folder + ".", "--bundles names it.", "Correct it.");
      }
      catalog.addAll(Distribution.jars(folder.toAbsolutePath().normalize()), false);
    }
    var remotes = repositories.isEmpty() ? List.of(URI.create(Maven.CENTRAL)) : repositories;
    var maven = new Maven(local, remotes, downloads);
    for (String each : coordinates) {
      Path jar = maven.jar(each).toAbsolutePath().normalize();
      if (catalog.add(jar, false)) continue;
      throw new RefusedException(
          each + " is no bundle.",
          jar.getFileName() + " has no Bundle-SymbolicName.",
          "Wrap it in a bundle, as a library that a bundle carries inside itself.");
    }
  }
}
