package io.tenon.block;

import io.tenon.block.DeviceException.Kind;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/**
 * A checked device URI: {@code scheme://[host[:port]]/path?parameter=value}. Rules as Mayastor has them: the path must not be
 * empty, a parameter that the scheme does not know is an error, and so is one given twice.
 *
 * @param text as given
 * @param scheme lower case
 * @param host empty when there is none
 * @param port -1 when there is none
 * @param path decoded, with its leading slash, never just that
 * @param parameters decoded, in the order given
 */
public record DeviceUri(
    String text,
    String scheme,
    String host,
    int port,
    String path,
    Map<String, String> parameters) {
  public DeviceUri {
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
  }

  public static DeviceUri parse(String text) throws DeviceException {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw invalid(text, "It is not a URI: " + e.getReason() + ".");
    }
    if (uri.getScheme() == null) throw invalid(text, "It has no scheme.");
    if (uri.isOpaque() || uri.getPath() == null || uri.getPath().length() < 2) {
      throw invalid(text, "It has no path segments.");
    }
    if (uri.getFragment() != null) throw invalid(text, "It has a fragment (#...).");
    String host = uri.getHost();
    if (host == null && uri.getRawAuthority() != null) {
      throw invalid(text, "Its host or port (" + uri.getRawAuthority() + ") is not valid.");
    }
    return new DeviceUri(
        text,
        uri.getScheme().toLowerCase(Locale.ROOT),
        host == null ? "" : host,
        uri.getPort(),
        uri.getPath(),
        parameters(text, uri.getRawQuery()));
  }

  static Map<String, String> parameters(String text, String query) throws DeviceException {
    var found = new LinkedHashMap<String, String>();
    if (query == null || query.isEmpty()) return found;
    for (String pair : query.split("&")) {
      int equals = pair.indexOf('=');
      String name = decode(text, equals < 0 ? pair : pair.substring(0, equals));
      String value = equals < 0 ? "" : decode(text, pair.substring(equals + 1));
      if (name.isEmpty()) throw invalid(text, "It has a parameter without a name.");
      if (found.putIfAbsent(name, value) != null) {
        throw parameter(text, "Parameter " + name + " is given twice.");
      }
    }
    return found;
  }

  private static String decode(String text, String raw) throws DeviceException {
    try {
      return URLDecoder.decode(raw, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw invalid(text, "It has a broken %-escape in " + raw + ".");
    }
  }

  /** The path without its leading slash: the name of a device that is no file. */
  public String name() {
    return path.substring(1);
  }

  /**
   * @throws DeviceException naming every parameter that is not {@code known}, and those that are
   */
  public void allowOnly(Set<String> known) throws DeviceException {
    var unknown = new TreeSet<>(parameters.keySet());
    unknown.removeAll(known);
    if (unknown.isEmpty()) return;
    throw parameter(
        text,
        "Unrecognised parameters: "
            + String.join(", ", unknown)
            + ". Scheme "
            + scheme
            + " knows "
            + String.join(", ", new TreeSet<>(known))
            + ".");
  }

  public Optional<String> parameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  /**
   * @return the value, or {@code absent}
   * @throws DeviceException when it is not a whole number of at least 0
   */
  public long number(String name, long absent) throws DeviceException {
    String value = parameters.get(name);
    if (value == null) return absent;
    try {
      long number = Long.parseLong(value);
      if (number >= 0) return number;
    } catch (NumberFormatException e) {
      throw notA("whole number", name, value, e);
    }
    throw parameter(text, "Parameter " + name + " is negative: " + value + ".");
  }

  /** Empty counts as true, as do yes, on, true and numbers above 0; no, off, false and 0 are false. */
  public boolean flag(String name) throws DeviceException {
    String value = parameters.get(name);
    if (value == null) return false;
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "", "yes", "on", "true" -> true;
      case "no", "off", "false" -> false;
      default -> {
        try {
          yield Long.parseLong(value) > 0;
        } catch (NumberFormatException e) {
          throw notA("boolean (yes, no, on, off, true, false or a number)", name, value, e);
        }
      }
    };
  }

  public Optional<UUID> uuid() throws DeviceException {
    return uuid("uuid");
  }

  public Optional<UUID> uuid(String name) throws DeviceException {
    String value = parameters.get(name);
    if (value == null) return Optional.empty();
    try {
      // Parts that are too long for it, fromString would cut off.
      var uuid = UUID.fromString(value);
      if (uuid.toString().equalsIgnoreCase(value)) return Optional.of(uuid);
    } catch (IllegalArgumentException e) {
      throw notA("uuid", name, value, e);
    }
    throw parameter(text, "Parameter " + name + " is not a uuid: " + value + ".");
  }

  private DeviceException notA(String kind, String name, String value, Exception cause) {
    return new DeviceException(
        Kind.INVALID_PARAMETER,
        "Device URI " + text + " was refused.",
        "Parameter " + name + " is not a " + kind + ": " + value + ".",
        "Correct the parameter.",
        cause);
  }

  /** For a provider: the URI lacks or has something that its scheme forbids. */
  public DeviceException invalid(String why) {
    return invalid(text, why);
  }

  /** For a provider: a parameter is wrong. */
  public DeviceException badParameter(String why) {
    return parameter(text, why);
  }

  private static DeviceException invalid(String text, String why) {
    return new DeviceException(
        Kind.INVALID_URI,
        "Device URI " + text + " was refused.",
        why,
        "Write it as scheme://[host[:port]]/path?parameter=value.");
  }

  private static DeviceException parameter(String text, String why) {
    return new DeviceException(
        Kind.INVALID_PARAMETER,
        "Device URI " + text + " was refused.",
        why,
        "Correct the parameters.");
  }

  @Override
  public String toString() {
    return text;
  }
}
