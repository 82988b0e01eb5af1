package io.tenon.assembly;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code tenon-distro list}. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    usageHelpAutoWidth = true,
    description =
        "Lists what there is to ask for: what this distribution has, and what is given besides.",
    synopsisHeading = "Usage: ",
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    optionListHeading = "%nOptions:%n",
    footerHeading = "%nExamples:%n",
    footer = {"  tenon-distro list", "  tenon-distro list backends --bundles ./more"})
final class ListCommand implements Callable<Integer> {
  /** In the words of the command line. */
  enum What {
    features(Kind.FEATURE),
    backends(Kind.BACKEND),
    transports(Kind.TRANSPORT),
    stores(Kind.STORE),
    bundles(Kind.BUNDLE);

    final Kind kind;

    What(Kind kind) {
      this.kind = kind;
    }
  }

  @Parameters(
      arity = "0..*",
      paramLabel = "WHAT",
      description = "Any of ${COMPLETION-CANDIDATES}; all without it.")
  List<What> wanted = List.of();

  @Mixin private Sources sources = new Sources();

  @Override
  public Integer call() throws Exception {
    sources.use(sources.base(), this::print);
    return Main.DONE;
  }

  private void print(Catalog catalog) throws IOException {
    for (What what : wanted.isEmpty() ? List.of(What.values()) : wanted) print(what, catalog);
  }

  private static void print(What what, Catalog catalog) throws IOException {
    System.out.println(what + ":");
    for (Candidate candidate : catalog.candidates().stream().sorted(Candidate.BY_NAME).toList()) {
      if (what == What.bundles) {
        System.out.printf(
            "  %-50s %-22s %s%n",
            candidate.name(), candidate.version(), Sizes.text(candidate.sizeBytes()));
        continue;
      }
      for (String name : Catalog.names(candidate, what.kind)) {
        String by = what == What.features ? candidate.description() : candidate.name();
        System.out.printf("  %-20s %s%n", name, by);
      }
    }
  }
}
