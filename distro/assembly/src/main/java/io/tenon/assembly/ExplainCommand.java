package io.tenon.assembly;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.osgi.resource.Resource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon-distro explain}. */
@Command(
    name = "explain",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    description =
        "Says why a bundle is in a distribution: the chain of requirements from what was asked for, and everyone who needs it.",
    synopsisHeading = "Usage: ",
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    optionListHeading = "%nOptions:%n",
    footerHeading = "%nExample:%n",
    footer = "  tenon-distro explain org.jline --of my-node")
final class ExplainCommand implements Callable<Integer> {
  @Parameters(paramLabel = "BUNDLE", description = "Symbolic name. See list bundles.")
  String bundle = "";

  @Option(
      names = "--of",
      paramLabel = "DIR",
      description = "The distribution that has it. Default: this one.")
  @Nullable Path home;

  @Override
  public Integer call() throws Exception {
    var sources = new Sources();
    sources.from = home;
    Distribution distribution = sources.base();
    Recipe recipe = Recipe.read(distribution.recipe());
    try (Catalog catalog = Catalog.open()) {
      catalog.addAll(distribution.bundleFiles(), true);
      Candidate wanted =
          catalog.candidates().stream()
              .filter(candidate -> candidate.name().equals(bundle))
              .findFirst()
              .orElseThrow(() -> notThere(distribution));
      Resource resource = wanted.revision();
      Resolution resolution = Resolution.of(catalog, recipe, distribution.name());
      List<String> chain = resolution.chain(resource);
      if (chain.isEmpty()) {
        System.out.println(
            wanted + " is in because somebody put it there: nothing that was asked for needs it.");
        return Main.DONE;
      }
      System.out.println(wanted + " is in because:");
      chain.forEach(step -> System.out.println("  " + step));
      System.out.println("All that leads to it:");
      resolution.needs(resource).forEach(need -> System.out.println("  " + need));
    }
    return Main.DONE;
  }

  private RefusedException notThere(Distribution distribution) {
    return new RefusedException(
        "Bundle " + bundle + " is not in " + distribution.name() + ".",
        "",
        "tenon-distro list bundles has those that are.");
  }
}
