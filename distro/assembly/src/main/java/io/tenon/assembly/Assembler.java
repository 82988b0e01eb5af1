package io.tenon.assembly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Puts a distribution's folder together, beside its place, and moves it there when it is whole. */
final class Assembler {
  /** Files that only make sense with certain bundles; all others always come along. */
  private static final Map<String, Set<String>> NEED =
      Map.of(
          "bin/tenon-shell", Set.of("io.tenon.shell"),
          "bin/tenon-check", Set.of("io.tenon.shell", "io.tenon.pool"),
          "etc/gosh_profile", Set.of("org.apache.felix.gogo.jline"));

  /** The same for the options in the file of options. */
  private static final Map<String, String> OPTION_NEEDS =
      Map.of(
          "#grpc=", "io.tenon.engine",
          "#nvme=", "io.tenon.transport.nvmetcp",
          "#shell=", "io.tenon.shell",
          "#deploy=", "org.apache.felix.fileinstall");

  private static final String OPTIONS = "tenon-node.properties";
  private static final String AOT_CACHE = ".aot";

  private final Distribution base;
  private final String name;
  private final Recipe recipe;
  private final List<Candidate> bundles;
  private final Optional<Path> settings;
  private final Set<String> names;

  /**
   * @param settings a folder with files for {@code etc/}
   */
  Assembler(
      Distribution base,
      String name,
      Recipe recipe,
      List<Candidate> bundles,
      Optional<Path> settings) {
    this.base = base;
    this.name = name;
    this.recipe = recipe;
    this.bundles = bundles;
    this.settings = settings;
    this.names = bundles.stream().map(Candidate::name).collect(Collectors.toUnmodifiableSet());
  }

  /**
   * @param replace what is at {@code out} goes when the new is whole
   */
  void write(Path out, boolean replace) throws IOException, RefusedException {
    Path target = out.toAbsolutePath().normalize();
    Path beside = target.getParent();
    if (beside == null) throw taken(target, "It is the root.");
    boolean isThere = Files.exists(target);
    if (isThere && !replace) throw taken(target, "It is there already.");
    if (isThere && Files.isDirectory(target) && !isDistribution(target)) {
      throw taken(target, "It is a folder, and not one of a distribution.");
    }
    Files.createDirectories(beside);
    Path work = Files.createTempDirectory(beside, "." + target.getFileName() + ".");
    try {
      Path folder = work.resolve(name);
      fill(folder);
      Path whole = folder;
      if (Archive.isMeant(target)) {
        whole = work.resolve(String.valueOf(target.getFileName()));
        try (Archive archive = Archive.create(whole)) {
          archive.tree(folder, name);
        }
      }
      exchange(whole, target, work.resolve("former"));
    } finally {
      Folders.delete(work);
    }
  }

  /** What was there comes back when the new one does not get to its place. */
  private static void exchange(Path whole, Path target, Path former) throws IOException {
    boolean isThere = Files.exists(target);
    if (isThere) Files.move(target, former);
    try {
      Files.move(whole, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (isThere) Files.move(former, target);
      throw e;
    }
  }

  private static boolean isDistribution(Path folder) {
    return Files.isRegularFile(folder.resolve(Recipe.FILE));
  }

  private static RefusedException taken(Path target, String why) {
    return new RefusedException(
        target + " was not written.", why, "Take another name for -o, or --replace it.");
  }

  private void fill(Path folder) throws IOException {
    Path to = Files.createDirectories(folder.resolve("bundles"));
    for (Candidate bundle : bundles) {
      Files.copy(bundle.file(), to.resolve(bundle.fileName()));
    }
    copy(base.bin(), folder.resolve("bin"));
    copy(base.lib(), folder.resolve("lib"));
    copySettings(folder.resolve("etc"));
    Path licence = base.home().resolve("LICENSE");
    if (Files.exists(licence)) Files.copy(licence, folder.resolve("LICENSE"));
    Files.writeString(folder.resolve(Recipe.FILE), recipe.text(name));
    var jars = new ArrayList<Path>(Distribution.jars(to));
    jars.addAll(Distribution.jars(folder.resolve("lib")));
    Files.writeString(
        folder.resolve(PartsList.FILE),
        new PartsList(base.partsList()).of(name, Version.ofTool(), jars, List.of()));
  }

  private void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    for (Path file : Folders.files(from)) {
      String place = from.getFileName() + "/" + file.getFileName();
      boolean isHere = names.containsAll(NEED.getOrDefault(place, Set.of()));
      if (isHere && !place.endsWith(AOT_CACHE)) {
        Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  /** Settings of components and options that somebody has set are those of a node, and stay with it. */
  private void copySettings(Path to) throws IOException {
    copy(base.etc(), to);
    for (Path file : Folders.files(to)) {
      if (file.toString().endsWith(".cfg")) Files.delete(file);
    }
    Path options = to.resolve(OPTIONS);
    if (Files.exists(options)) {
      List<String> lines = Files.readAllLines(options).stream().filter(this::isOption).toList();
      Files.write(options, lines);
    }
    pointToStore(to);
    if (settings.isPresent()) {
      for (Path file : Folders.files(settings.get())) {
        Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  /** The one that there is, where it is not the one that a node looks for by itself. */
  private void pointToStore(Path to) throws IOException {
    boolean isEtcdOnly =
        names.contains("io.tenon.metadata.etcd") && !names.contains("io.tenon.metadata.embedded");
    if (isEtcdOnly) {
      Files.writeString(to.resolve("io.tenon.metadata.cfg"), "store=etcd\n");
      Files.writeString(
          to.resolve("io.tenon.metadata.etcd.cfg"),
          "# Where etcd is; several with a comma between them.\nendpoints=http://127.0.0.1:2379\n");
    }
  }

  private boolean isOption(String line) {
    if (!line.startsWith("#")) return false;
    for (var need : OPTION_NEEDS.entrySet()) {
      if (line.startsWith(need.getKey()) && !names.contains(need.getValue())) return false;
    }
    return true;
  }
}
