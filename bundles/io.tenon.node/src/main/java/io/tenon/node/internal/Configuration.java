package io.tenon.node.internal;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The configuration that a node should have: the settings in files of {@code etc/}, and over them the options that it was
 * started with.
 *
 * @param byPid settings by persistent identity; {@code factory~name} for one instance of several
 * @param complaints what a person should correct, in sentences
 */
record Configuration(Map<String, Map<String, String>> byPid, List<String> complaints) {
  private static final String SUFFIX = ".cfg";

  /**
   * @param options lines of {@code <pid>/<key>=<value>}
   * @throws IOException when the folder, not just a file in it, cannot be read
   */
  static Configuration read(String options, Path etc) throws IOException {
    var found = new Configuration(new TreeMap<>(), new ArrayList<>());
    if (Files.isDirectory(etc)) found.addFiles(etc);
    found.addOptions(options);
    return found;
  }

  private void addFiles(Path etc) throws IOException {
    try (Stream<Path> files = Files.list(etc)) {
      for (Path file : files.sorted().toList()) {
        if (file.getFileName().toString().endsWith(SUFFIX)) addFile(file);
      }
    }
  }

  private void addFile(Path file) {
    var settings = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      settings.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      complaints.add(
          "%s was not applied: %s. Make it a readable file of lines like key=value."
              .formatted(file, e.getMessage()));
      return;
    }
    String name = file.getFileName().toString();
    Map<String, String> of = of(name.substring(0, name.length() - SUFFIX.length()));
    for (String key : settings.stringPropertyNames()) {
      of.put(key, settings.getProperty(key).trim());
    }
  }

  private void addOptions(String text) throws IOException {
    var options = new Properties();
    options.load(new StringReader(text));
    for (String option : options.stringPropertyNames()) {
      int slash = option.indexOf('/');
      String pid = option.substring(0, slash);
      String key = option.substring(slash + 1);
      String value = options.getProperty(option);
      String before = of(pid).put(key, value);
      if (before != null && !before.equals(value)) {
        complaints.add(
            "%s%s sets %s=%s, which was not applied: the node was started with %s. Change the node's option instead."
                .formatted(pid, SUFFIX, key, before, value));
      }
    }
  }

  private Map<String, String> of(String pid) {
    return byPid.computeIfAbsent(pid, _ -> new TreeMap<>());
  }
}
