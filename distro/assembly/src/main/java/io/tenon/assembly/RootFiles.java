package io.tenon.assembly;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What an image needs below Java: the few programs that start scripts call, and every shared library that these and Java load. Taken from this machine. */
final class RootFiles {
  private static final List<String> PROGRAMS =
      List.of(
          "sh", "cat", "dirname", "head", "ls", "mktemp", "readlink", "rm", "sed", "sleep", "tail");
  private static final List<Path> PLACES = List.of(Path.of("/bin"), Path.of("/usr/bin"));
  private static final Pattern LIBRARY = Pattern.compile("(?:=> )?(/\\S+) \\(0x");
  private static final long LDD_ENDS_WITHIN_SECONDS = 60;

  /** By the place in the image. */
  private final TreeMap<String, Path> files = new TreeMap<>();

  /**
   * @param java its shared libraries load others
   */
  static RootFiles of(Path java) throws IOException, RefusedException {
    var found = new RootFiles();
    for (String program : PROGRAMS) {
      Path file = program(program);
      found.files.put("/bin/" + program, file);
      found.addLibraries(file, java);
    }
    try (Stream<Path> all = Files.walk(java)) {
      for (Path file : (Iterable<Path>) all.sorted()::iterator) {
        boolean isLoaded = file.toString().endsWith(".so") || file.endsWith("bin/java");
        if (isLoaded && Files.isRegularFile(file)) found.addLibraries(file, java);
      }
    }
    return found;
  }

  private static Path program(String name) throws RefusedException {
    for (Path place : PLACES) {
      Path file = place.resolve(name);
      if (Files.isExecutable(file)) return file;
    }
    throw missing(name);
  }

  private static RefusedException missing(String name) {
    return new RefusedException(
        "The image was not made: there is no program " + name + " on this machine.",
        "It is taken along for the start scripts.",
        "Install it, on Debian with dash, coreutils, sed and libc-bin.");
  }

  private void addLibraries(Path file, Path java) throws IOException, RefusedException {
    for (String place : libraries(file)) {
      Path library = Path.of(place).normalize();
      if (!library.startsWith(java)) files.put(library.toString(), library);
    }
  }

  private static Set<String> libraries(Path file) throws IOException, RefusedException {
    Process ldd = new ProcessBuilder("ldd", file.toString()).redirectErrorStream(true).start();
    String said = new String(ldd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!ldd.waitFor(LDD_ENDS_WITHIN_SECONDS, TimeUnit.SECONDS)) throw missing("ldd that ends");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    var libraries = new TreeSet<String>();
    Matcher each = LIBRARY.matcher(said);
    while (each.find()) libraries.add(each.group(1));
    return libraries;
  }

  SortedMap<String, Path> files() {
    return files;
  }
}
