package io.tenon.assembly;

import java.util.regex.Pattern;

/** What can be asked for by name: a capability's namespace and the attribute that names it. */
enum Kind {
  FEATURE("tenon.feature", "tenon.feature", "feature"),
  BACKEND("tenon.backend", "scheme", "backend"),
  TRANSPORT("tenon.transport", "transport", "transport"),
  STORE("tenon.metadata", "store", "metadata store"),
  BUNDLE("osgi.identity", "osgi.identity", "bundle");

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._+-]+");

  final String namespace;
  final String attribute;

  /** For sentences. */
  final String word;

  Kind(String namespace, String attribute, String word) {
    this.namespace = namespace;
    this.attribute = attribute;
    this.word = word;
  }

  /** As a requirement of a {@code .bndrun}. */
  String clause(String name) throws RefusedException {
    if (!NAME.matcher(name).matches()) {
      throw new RefusedException(
          "No " + word + " can be called \"" + name + "\".",
          "Names have letters, digits and . _ + - only.",
          "Correct the name; tenon-distro list has those that there are.");
    }
    return "%s;filter:='(%s=%s)'".formatted(namespace, attribute, name);
  }
}
