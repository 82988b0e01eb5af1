package io.tenon.assembly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.osgi.framework.BundleException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tenon-distro diff}. */
@Command(
    name = "diff",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    description =
        "Says in which bundles, settings and other files two distributions differ: - is only in A, + only in B, ! in both but not the same.",
    synopsisHeading = "Usage: ",
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    optionListHeading = "%nOptions:%n",
    footerHeading = "%n",
    footer = {
      "Exit status: 0 they are the same, 1 they differ, 2 one of the two is no distribution.",
      "",
      "Example:",
      "  tenon-distro diff tenon-node my-node",
    })
final class DiffCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "A", description = "Folder of a distribution.")
  Path a = Path.of("");

  @Parameters(index = "1", paramLabel = "B", description = "Folder of another one.")
  Path b = Path.of("");

  @Override
  public Integer call() throws Exception {
    var first = Distribution.at(a);
    var second = Distribution.at(b);
    boolean same = compare("bundles", bundles(first), bundles(second), Bundle::text);
    for (String folder : List.of("bin", "etc", "lib")) {
      same &=
          compare(
              folder,
              files(first.home().resolve(folder)),
              files(second.home().resolve(folder)),
              _ -> "");
    }
    System.out.printf(
        "%s has %s, %s has %s.%n",
        a,
        Sizes.text(Folders.sizeBytes(first.home())),
        b,
        Sizes.text(Folders.sizeBytes(second.home())));
    return same ? Main.DONE : Main.FAILED;
  }

  /**
   * @param sha256 of the file
   */
  private record Bundle(String version, String sha256, long sizeBytes) {
    String text() {
      return " " + version + ", " + Sizes.text(sizeBytes);
    }
  }

  private static Map<String, Bundle> bundles(Distribution distribution)
      throws IOException, BundleException, RefusedException {
    var bundles = new TreeMap<String, Bundle>();
    try (Catalog catalog = Catalog.open()) {
      catalog.addAll(distribution.bundleFiles(), true);
      for (Candidate each : catalog.candidates()) {
        String sha256 = PartsList.sha256(Files.readAllBytes(each.file()));
        bundles.put(each.name(), new Bundle(each.version().toString(), sha256, each.sizeBytes()));
      }
    }
    return bundles;
  }

  private static Map<String, String> files(Path folder) throws IOException {
    var files = new TreeMap<String, String>();
    if (!Files.isDirectory(folder)) return files;
    for (Path file : Folders.files(folder)) {
      if (file.toString().endsWith(".aot")) continue;
      files.put(String.valueOf(file.getFileName()), PartsList.sha256(Files.readAllBytes(file)));
    }
    return files;
  }

  private static <T> boolean compare(
      String title, Map<String, T> a, Map<String, T> b, Function<T, String> text) {
    var lines = new ArrayList<String>();
    var names = new TreeSet<>(a.keySet());
    names.addAll(b.keySet());
    for (String name : names) {
      T left = a.get(name);
      T right = b.get(name);
      if (left == null && right != null) lines.add("+ " + name + text.apply(right));
      else if (right == null && left != null) lines.add("- " + name + text.apply(left));
      else if (left != null && right != null && !left.equals(right)) {
        String change = text.apply(left);
        lines.add("! " + name + (change.isEmpty() ? "" : change + " ->" + text.apply(right)));
      }
    }
    if (!lines.isEmpty()) {
      System.out.println(title + ":");
      lines.forEach(line -> System.out.println("  " + line));
    }
    return lines.isEmpty();
  }
}
