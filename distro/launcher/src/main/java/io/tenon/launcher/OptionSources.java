package io.tenon.launcher;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;

/** Where options come from. The command line beats the environment, the environment beats the file. */
record OptionSources(
    Map<Option, String> commandLine, Map<String, String> environment, Properties file) {

  static OptionSources of(
      Map<Option, String> commandLine, Map<String, String> environment, Path optionsFile)
      throws RefusedException {
    return new OptionSources(commandLine, environment, load(optionsFile));
  }

  private static Properties load(Path path) throws RefusedException {
    var properties = new Properties();
    if (!Files.exists(path)) return properties;
    try (Reader reader = Files.newBufferedReader(path)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      throw new RefusedException(
          "The node was not started: " + path + " cannot be read.",
          String.valueOf(e.getMessage()),
          "Make it a readable file of lines like name=node-1, or remove it.",
          e);
    }
    for (String key : properties.stringPropertyNames()) {
      if (Arrays.stream(Option.values()).noneMatch(option -> option.key().equals(key))) {
        throw new RefusedException(
            "The node was not started: " + path + " sets " + key + ".",
            "There is no such option; there are "
                + Arrays.stream(Option.values()).map(Option::key).collect(Collectors.joining(", "))
                + ".",
            "Correct the name, or put a component's own settings into etc/<its name>.cfg.");
      }
    }
    return properties;
  }

  /** An empty value counts as not given, as in a unit file or a chart that leaves a variable blank. */
  Optional<Given> find(Option option) {
    String value = commandLine.get(option);
    if (value != null) return Optional.of(new Given(value, option.flag()));
    value = environment.getOrDefault(option.variable(), "").trim();
    if (!value.isEmpty()) return Optional.of(new Given(value, option.variable()));
    value = file.getProperty(option.key(), "").trim();
    if (!value.isEmpty()) {
      return Optional.of(new Given(value, option.key() + " in " + Option.FILE));
    }
    return Optional.empty();
  }

  Given findOr(Option option, String value, String from) {
    return find(option).orElseGet(() -> new Given(value, from));
  }
}
