package io.tenon.assembly;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/**
 * What a distribution was asked to have: the two instructions of a {@code .bndrun} that say so. Others in the file are for bnd, which
 * makes the same of it.
 *
 * @param requires clauses of {@code -runrequires}
 * @param never clauses of {@code -runblacklist}; may be empty
 */
record Recipe(String requires, String never) {
  static final String FILE = "distribution.bndrun";
  private static final String REQUIRES = "-runrequires";
  private static final String NEVER = "-runblacklist";

  static Recipe of(List<String> clauses, String never) {
    return new Recipe(String.join(",", clauses), never);
  }

  static Recipe read(Path file) throws RefusedException {
    var lines = new Properties();
    try {
      lines.load(new StringReader(Files.readString(file)));
    } catch (IOException | IllegalArgumentException e) {
      throw new RefusedException(
          "The list of what a distribution has was not read: " + file + ".",
          e.toString(),
          "Name a .bndrun file, or a distribution that has " + FILE + ".",
          e);
    }
    String requires = lines.getProperty(REQUIRES, "").strip();
    if (requires.isEmpty()) {
      throw new RefusedException(
          file + " asks for nothing.",
          "It has no " + REQUIRES + ".",
          "Add a line such as " + REQUIRES + ": tenon.feature;filter:='(tenon.feature=shell)'");
    }
    return new Recipe(requires, lines.getProperty(NEVER, "").strip());
  }

  /** As a bundle's header has it: bnd takes single quotes as well, the framework does not. */
  String requireCapability() {
    return requires.replace('\'', '"');
  }

  String neverCapability() {
    return never.replace('\'', '"');
  }

  /** As a {@code .bndrun} that bnd resolves to the same bundles. */
  String text(String name) {
    var text = new StringBuilder();
    text.append("# What ")
        .append(name)
        .append(" was asked to have. bin/tenon-distro made the rest of it.\n");
    append(text, REQUIRES, requires);
    if (!never.isEmpty()) append(text, NEVER, never);
    text.append("-runfw: org.apache.felix.framework\n");
    text.append("-runee: JavaSE-25\n");
    text.append("-resolve.effective: active\n");
    return text.toString();
  }

  private static void append(StringBuilder text, String instruction, String clauses) {
    text.append(instruction).append(": \\\n  ");
    text.append(clauses.replaceAll("\\s*,\\s*(?=[a-z][A-Za-z.]*;)", ",\\\\\n  ")).append('\n');
  }
}
