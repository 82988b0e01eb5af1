package io.tenon.assembly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon-distro create}. */
@Command(
    name = "create",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = "Makes a distribution: a folder that runs, or an archive of one.",
    synopsisHeading = "Usage: ",
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    optionListHeading = "%nOptions:%n",
    footerHeading = "%n",
    footer = {
      "Feature core is always in, unless --bndrun says all. The new distribution has this tool, and makes others of what it has.",
      "Settings that somebody made in etc/ are not taken along; --etc brings those that it is to have.",
      "",
      "Example:",
      "  tenon-distro create mine --feature shell --transport nvme-tcp --backend striped --bundles ./striped/target -o mine.tar.gz",
    })
final class CreateCommand implements Callable<Integer> {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,59}");

  @Parameters(paramLabel = "NAME", description = "What to call it.")
  String name = "";

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "DIR|TAR",
      description = "Folder to make, or file that ends in .tar, .tar.gz or .tgz.")
  Path output = Path.of("");

  @Mixin private Wishes wishes = new Wishes();

  @Option(
      names = "--bndrun",
      paramLabel = "FILE",
      description =
          "A file whose -runrequires says what to have, such as a distribution's "
              + Recipe.FILE
              + ". Its other instructions do not count, but -runblacklist.")
  @Nullable Path bndrun;

  @Option(
      names = "--etc",
      paramLabel = "DIR",
      description =
          "Folder of settings: its files are in etc/, in the place of those of the same name.")
  @Nullable Path settings;

  @Option(names = "--archive", paramLabel = "TAR", description = "An archive of the same, besides.")
  @Nullable Path archive;

  @Option(
      names = "--replace",
      description = "Replace what is at -o, when that is a distribution or an archive.")
  boolean replace;

  @Mixin private Sources sources = new Sources();

  @Override
  public Integer call() throws Exception {
    if (!NAME.matcher(name).matches()) {
      throw new RefusedException(
          "No distribution can be called \"" + name + "\".",
          "A name has letters, digits and . _ - only, and up to 60 of them.",
          "Take another one.");
    }
    if (settings != null && !Files.isDirectory(settings)) {
      throw new RefusedException(
          "There is no folder " + settings + ".", "--etc names it.", "Correct it.");
    }
    Distribution base = sources.base();
    sources.use(base, catalog -> make(base, catalog));
    return Main.DONE;
  }

  private void make(Distribution base, Catalog catalog) throws IOException, RefusedException {
    Recipe recipe = recipe(base);
    var resolved = Resolution.of(catalog, recipe, name).bundles();
    var assembler = new Assembler(base, name, recipe, resolved, Optional.ofNullable(settings));
    assembler.write(output, replace);
    if (archive != null) assembler.write(archive, replace);
    System.out.printf("Made %s: %d bundles, %s.%n", output, resolved.size(), size());
    if (Files.isDirectory(output)) {
      System.out.printf("Start it: %s/bin/tenon-node --data ./var/%s%n", output, name);
    }
  }

  private String size() throws IOException {
    return Sizes.text(Files.isDirectory(output) ? Folders.sizeBytes(output) : Files.size(output));
  }

  private Recipe recipe(Distribution base) throws RefusedException {
    var clauses = new ArrayList<String>();
    String never = "";
    if (bndrun != null) {
      Recipe given = Recipe.read(bndrun);
      clauses.add(given.requires());
      never = given.never();
    } else {
      if (Files.exists(base.recipe())) never = Recipe.read(base.recipe()).never();
      if (!wishes.features.contains("core")) clauses.add(Kind.FEATURE.clause("core"));
    }
    clauses.addAll(wishes.clauses());
    return Recipe.of(clauses, never);
  }
}
