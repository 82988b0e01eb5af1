package io.tenon.console.internal;

import io.tenon.shell.api.Accounts;
import io.tenon.shell.api.Accounts.Verdict;
import io.tenon.shell.api.Audit;
import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.felix.webconsole.spi.SecurityProvider;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks everybody who they are, at each request. Admins only: pages that look show configurations with their secrets, and the web console
 * does not tell looking from changing.
 */
final class Door implements SecurityProvider {
  private static final Logger log = LoggerFactory.getLogger(Door.class);
  private static final String VIA = "console";
  private static final int MISDIRECTED = 421;
  private static final int TOO_MANY = 429;
  private static final Set<String> LOOKING = Set.of("GET", "HEAD");

  private final Accounts accounts;
  private final Audit audit;
  private final Origins origins;
  private final Known known;

  /**
   * @param hosts names that this node has for browsers
   */
  Door(Accounts accounts, Audit audit, Set<String> hosts, LongSupplier nanoClock) {
    this.accounts = accounts;
    this.audit = audit;
    this.origins = new Origins(hosts);
    this.known = new Known(nanoClock);
  }

  @Override
  public @Nullable Object authenticate(HttpServletRequest request, HttpServletResponse response) {
    try {
      return admit(request, response);
    } catch (IOException e) {
      log.debug("a browser has gone: {}", e.getMessage());
      return null;
    }
  }

  private @Nullable Caller admit(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    headers(response);
    if (!origins.isHost(request.getHeader("Host"))) {
      response.sendError(
          MISDIRECTED,
          "This node is not known by that name: see hosts= in etc/io.tenon.console.cfg.");
      return null;
    }
    boolean changes = !LOOKING.contains(request.getMethod());
    if (changes && origins.isOfAnotherSite(request)) {
      refused("", request, "A page of another site sent it.");
      response.sendError(HttpServletResponse.SC_FORBIDDEN, "A page of another site sent this.");
      return null;
    }
    var credentials = Credentials.of(request.getHeader("Authorization"));
    if (credentials == null) {
      ask(response);
      return null;
    }
    var caller = recognise(credentials, request, response);
    if (caller == null || !changes) return caller;
    try {
      audit.change(caller, described(request));
      return caller;
    } catch (IOException e) {
      log.error("The audit log cannot be written: {}", e.toString());
      response.sendError(
          HttpServletResponse.SC_SERVICE_UNAVAILABLE,
          "Nothing was done: what changes something is written down first, and the audit log cannot be written.");
      return null;
    }
  }

  private @Nullable Caller recognise(
      Credentials credentials, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String user = credentials.user();
    String address = request.getRemoteAddr();
    var mark = known.mark(credentials);
    if (mark != null && accounts.stands(user, mark)) return caller(user, address);
    return switch (accounts.check(user, credentials.password(), address)) {
      case Verdict.Good good when good.role() == Role.ADMIN -> {
        known.remember(credentials, good.mark());
        audit.connection(Audit.Event.LOGGED_IN, VIA, user, "", address, "");
        yield caller(user, address);
      }
      case Verdict.Good good -> {
        String why = "The web console is for admins; the role is " + good.role().word() + ".";
        refused(user, request, why);
        response.sendError(HttpServletResponse.SC_FORBIDDEN, why);
        yield null;
      }
      case Verdict.Wrong wrong -> {
        refused(user, request, "That password lets nobody of this name in.");
        if (wrong.blocked()) {
          audit.connection(
              Audit.Event.BLOCKED, VIA, "", "", address, "Too many failures in a short time.");
        }
        ask(response);
        yield null;
      }
      case Verdict.NotHeard notHeard -> {
        refused(user, request, notHeard.why());
        response.setHeader("Retry-After", "60");
        response.sendError(TOO_MANY, notHeard.why());
        yield null;
      }
    };
  }

  private static Caller caller(String user, String address) {
    return new Caller(user, Role.ADMIN, VIA, address, "");
  }

  private void refused(String user, HttpServletRequest request, String why) {
    audit.connection(Audit.Event.REFUSED, VIA, user, "", request.getRemoteAddr(), why);
  }

  private static void ask(HttpServletResponse response) throws IOException {
    response.setHeader("WWW-Authenticate", "Basic realm=\"Tenon\", charset=\"UTF-8\"");
    response.sendError(
        HttpServletResponse.SC_UNAUTHORIZED, "Log in with a user and password of tenon:user.");
  }

  private static void headers(HttpServletResponse response) {
    response.setHeader("X-Frame-Options", "DENY");
    response.setHeader("Content-Security-Policy", "frame-ancestors 'none'; form-action 'self'");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Referrer-Policy", "same-origin");
    response.setHeader("Cache-Control", "no-store");
  }

  /** Without values, which can be secrets; but what is to be done with it. */
  private static String described(HttpServletRequest request) {
    String line = request.getMethod() + " " + request.getRequestURI();
    String type = request.getContentType();
    boolean isForm = type != null && type.startsWith("application/x-www-form-urlencoded");
    String action = isForm ? request.getParameter("action") : null;
    return action != null && action.matches("[A-Za-z_-]{1,32}") ? line + " " + action : line;
  }

  @Override
  public boolean authorize(Object user, String role) {
    return user instanceof Caller caller && caller.role() == Role.ADMIN;
  }

  /** A browser forgets what it sends along only when that is refused. */
  @Override
  public void logout(HttpServletRequest request, HttpServletResponse response) {
    var credentials = Credentials.of(request.getHeader("Authorization"));
    if (credentials != null && known.forget(credentials)) {
      audit.connection(
          Audit.Event.LOGGED_OUT, VIA, credentials.user(), "", request.getRemoteAddr(), "");
    }
    try {
      ask(response);
    } catch (IOException e) {
      log.debug("a browser has gone: {}", e.getMessage());
    }
  }
}
