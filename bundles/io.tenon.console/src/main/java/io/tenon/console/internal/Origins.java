package io.tenon.console.internal;

import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whether a request was meant for this node. A page of another site can have a browser send one; and a name that is not ours, but leads
 * here, would make that page one of ours.
 *
 * @param hosts names that this node has beside localhost and addresses
 */
record Origins(Set<String> hosts) {
  /** Digits and dots, or brackets: nobody gives a name like that to an address of ours. */
  private static final Pattern ADDRESS =
      Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-fA-F:.%]+]");

  /**
   * @param header {@code NAME} or {@code NAME:PORT}
   */
  boolean isHost(@Nullable String header) {
    if (header == null) return false;
    int colon = header.lastIndexOf(':');
    boolean hasPort = colon > header.lastIndexOf(']');
    String name = hasPort ? header.substring(0, colon) : header;
    return name.equalsIgnoreCase("localhost")
        || ADDRESS.matcher(name).matches()
        || hosts.stream().anyMatch(name::equalsIgnoreCase);
  }

  /** What a browser says of the page that sends; one that is no browser says nothing, and has no page that could be another's. */
  boolean isOfAnotherSite(HttpServletRequest request) {
    String site = request.getHeader("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin") && !site.equals("none")) return true;
    String origin = request.getHeader("Origin");
    if (origin == null) origin = request.getHeader("Referer");
    return origin != null && !isOurs(origin, request);
  }

  private static boolean isOurs(String origin, HttpServletRequest request) {
    try {
      var from = new URI(origin);
      return request.getScheme().equalsIgnoreCase(from.getScheme())
          && from.getRawAuthority() != null
          && from.getRawAuthority().equalsIgnoreCase(request.getHeader("Host"));
    } catch (URISyntaxException e) {
      return false; // what is no address is none of ours
    }
  }
}
