package io.tenon.console.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.shell.api.Accounts;
import io.tenon.shell.api.Audit;
import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is let in, and for what. */
class DoorTest {
  private static final String HOST = "127.0.0.1:8425";

  private final Listed accounts = new Listed();
  private final Written audit = new Written();
  private final AtomicLong nowNs = new AtomicLong();
  private final Door door = new Door(accounts, audit, Set.of("node-1.lan"), nowNs::get);
  private int status;

  @Test
  void whoHasNoPasswordIsAskedForOne() {
    assertNull(request("GET", Map.of("Host", HOST)));
    assertEquals(401, status);
    assertNull(request("GET", Map.of("Host", HOST, "Authorization", "Basic %%%")));
    assertNull(request("GET", Map.of("Host", HOST, "Authorization", "Bearer x")));
    assertEquals(0, accounts.checked, "nothing was there to be looked at");
  }

  @Test
  void anAdminComesInAndIsLookedAtOnceInAWhile() {
    for (int i = 0; i < 20; i++) assertNotNull(request("GET", with("ada", "right")));
    assertEquals(1, accounts.checked);
    assertEquals(List.of("LOGGED_IN ada"), audit.connections);

    nowNs.addAndGet(Known.IDLE.toNanos() + 1);
    assertNotNull(request("GET", with("ada", "right")));
    assertEquals(2, accounts.checked);
  }

  @Test
  void whoIsKnownIsOutAtOnceWhenThePasswordIsAnotherOne() {
    assertNotNull(request("GET", with("ada", "right")));
    accounts.password = "fresh";
    accounts.mark = "m2";
    assertNull(request("GET", with("ada", "right")));
    assertEquals(401, status);
    assertNotNull(request("GET", with("ada", "fresh")));
  }

  @Test
  void othersThanAdminsAreRefusedWhateverTheyWant() {
    accounts.role = Role.OPERATOR;
    assertNull(request("GET", with("otto", "right")));
    assertEquals(403, status);
    assertNull(request("POST", with("otto", "right")));
    assertTrue(audit.connections.contains("REFUSED otto"), audit.connections::toString);
    assertEquals(List.of(), audit.changes);
  }

  @Test
  void whoGuessesIsToldToWait() {
    accounts.blocking = true;
    assertNull(request("GET", with("ada", "guess")));
    assertEquals(401, status);
    assertEquals(List.of("REFUSED ada", "BLOCKED "), audit.connections);
    assertNull(request("GET", with("ada", "right")));
    assertEquals(429, status);
  }

  @Test
  void whatChangesSomethingIsWrittenDownBeforeOrNotDone() {
    assertNotNull(request("POST", with("ada", "right")));
    assertEquals(List.of("ada console POST /system/console/bundles/7 stop"), audit.changes);
    assertNotNull(request("DELETE", with("ada", "right")));
    audit.full = true;
    assertNull(request("POST", with("ada", "right")));
    assertEquals(503, status);
    assertNotNull(request("GET", with("ada", "right")), "looking goes on");
    assertEquals(2, audit.changes.size());
  }

  @ParameterizedTest
  @CsvSource({
    "Origin, https://evil.example",
    "Origin, null",
    "Origin, http://127.0.0.1:9999",
    "Origin, https://127.0.0.1:8425",
    "Referer, http://evil.example/127.0.0.1:8425",
    "Sec-Fetch-Site, cross-site",
    "Sec-Fetch-Site, same-site",
  })
  void aPageOfAnotherSiteChangesNothing(String header, String value) {
    var headers = new HashMap<>(with("ada", "right"));
    headers.put(header, value);
    assertNull(request("POST", headers));
    assertEquals(403, status);
    assertEquals(List.of(), audit.changes);
    assertEquals(0, accounts.checked);
  }

  @ParameterizedTest
  @CsvSource({
    "Origin, http://127.0.0.1:8425",
    "Referer, http://127.0.0.1:8425/system/console/bundles",
    "Sec-Fetch-Site, same-origin",
  })
  void aPageOfThisNodeMay(String header, String value) {
    var headers = new HashMap<>(with("ada", "right"));
    headers.put(header, value);
    assertNotNull(request("POST", headers));
    assertEquals(1, audit.changes.size());
  }

  @ParameterizedTest
  @CsvSource({
    "evil.example, false",
    "evil.example:8425, false",
    "127.0.0.1.evil.example, false",
    "localhost.evil.example, false",
    "'', false",
    "localhost, true",
    "LOCALHOST:8425, true",
    "127.0.0.1:8425, true",
    "10.0.0.7, true",
    "[::1]:8425, true",
    "[fe80::1], true",
    "node-1.lan:8425, true",
    "node-2.lan, false",
  })
  void aNameThatIsNotOursLeadsNowhere(String host, boolean ours) {
    var headers = new HashMap<>(with("ada", "right"));
    headers.put("Host", host);
    assertEquals(ours, request("GET", headers) != null);
    if (!ours) assertEquals(421, status);
    if (!ours) assertEquals(0, accounts.checked);
  }

  @Test
  void whoLeavesIsAskedAgain() {
    assertNotNull(request("GET", with("ada", "right")));
    door.logout(asked("GET", with("ada", "right")), answer());
    assertEquals(401, status);
    assertTrue(audit.connections.contains("LOGGED_OUT ada"));
    assertNotNull(request("GET", with("ada", "right")));
    assertEquals(2, accounts.checked);
  }

  @Test
  void nothingOfAPasswordIsTold() {
    var credentials = Credentials.of(with("ada", "hunter2").get("Authorization"));
    assertNotNull(credentials);
    assertFalse(("" + credentials).contains("hunter2"));
  }

  private static Map<String, String> with(String user, String password) {
    byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    return Map.of(
        "Host", HOST, "Authorization", "Basic " + Base64.getEncoder().encodeToString(both));
  }

  private @Nullable Object request(String method, Map<String, String> headers) {
    status = 200;
    return door.authenticate(asked(method, headers), answer());
  }

  private HttpServletRequest asked(String method, Map<String, String> headers) {
    return (HttpServletRequest)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {HttpServletRequest.class},
            (_, called, arguments) ->
                switch (called.getName()) {
                  case "getHeader" -> headers.get(arguments[0]);
                  case "getMethod" -> method;
                  case "getScheme" -> "http";
                  case "getRemoteAddr" -> "10.0.0.9";
                  case "getRequestURI" -> "/system/console/bundles/7";
                  case "getContentType" -> "application/x-www-form-urlencoded; charset=UTF-8";
                  case "getParameter" -> "stop";
                  default -> throw new UnsupportedOperationException(called.getName());
                });
  }

  private HttpServletResponse answer() {
    return (HttpServletResponse)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {HttpServletResponse.class},
            (_, called, arguments) -> {
              if (called.getName().equals("sendError")) status = (Integer) arguments[0];
              else if (!called.getName().equals("setHeader")) {
                throw new UnsupportedOperationException(called.getName());
              }
              return null;
            });
  }

  /** Everybody has the same password. */
  private static final class Listed implements Accounts {
    String password = "right";
    String mark = "m1";
    Role role = Role.ADMIN;
    boolean blocking;
    boolean blocked;
    int checked;

    @Override
    public boolean any() {
      return true;
    }

    @Override
    public Verdict check(String user, char[] said, String address) {
      checked++;
      if (blocked) return new Verdict.NotHeard("Too many.");
      if (new String(said).equals(password)) return new Verdict.Good(role, mark);
      blocked = blocking;
      return new Verdict.Wrong(blocking);
    }

    @Override
    public boolean stands(String user, String asked) {
      return asked.equals(mark);
    }
  }

  private static final class Written implements Audit {
    final List<String> connections = new ArrayList<>();
    final List<String> changes = new ArrayList<>();
    boolean full;

    @Override
    public void connection(
        Event event, String via, String user, String key, String address, String why) {
      connections.add(event + " " + user);
    }

    @Override
    public void change(Caller caller, String what) throws IOException {
      if (full) throw new IOException("no space left");
      changes.add(caller.user() + " " + caller.via() + " " + what);
    }
  }
}
