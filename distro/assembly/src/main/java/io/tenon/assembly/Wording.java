package io.tenon.assembly;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.osgi.framework.Constants;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.resource.Requirement;

/** Requirements as people call them. */
final class Wording {
  private static final Pattern PACKAGE = value("osgi.wiring.package");
  private static final Pattern SERVICE = value("objectClass");
  private static final Pattern FROM = Pattern.compile("\\(version>=([^()]*)\\)");
  private static final Pattern BELOW = Pattern.compile("\\(!\\(version>=([^()]*)\\)\\)");

  private Wording() {}

  private static Pattern value(String attribute) {
    return Pattern.compile("\\(" + Pattern.quote(attribute) + "=([^()]*)\\)");
  }

  static String of(Requirement requirement) {
    String namespace = requirement.getNamespace();
    String filter = filter(requirement);
    for (Kind kind : Kind.values()) {
      if (!kind.namespace.equals(namespace)) continue;
      Matcher name = value(kind.attribute).matcher(filter);
      if (name.find()) return kind.word + " " + name.group(1);
    }
    Matcher found = PACKAGE.matcher(filter);
    if (found.find()) return "package " + found.group(1) + versions(filter);
    found = SERVICE.matcher(filter);
    if (found.find()) return "service " + found.group(1);
    return "capability " + namespace + " " + filter;
  }

  /** The framework keeps the filter of an import to itself, but prints it. */
  private static String filter(Requirement requirement) {
    String filter = requirement.getDirectives().get(Constants.FILTER_DIRECTIVE);
    if (filter != null) return filter;
    return requirement instanceof BundleRequirement printed ? printed.toString() : "";
  }

  private static String versions(String filter) {
    Matcher below = BELOW.matcher(filter);
    String end = below.find() ? below.group(1) : "";
    Matcher from = FROM.matcher(below.replaceAll(""));
    String text = from.find() ? " from version " + from.group(1) : "";
    return end.isEmpty() ? text : text + " and below " + end;
  }
}
