package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The web console of a real node: there only when asked for, and only for those who may. */
@Timeout(600)
class ConsoleProcessTest {
  private static final int PORT = 21611;
  private static final String OURS = "127.0.0.1:" + PORT;
  private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(90);
  private static final int SOCKET_MS = 60_000;
  private static final Pattern TOLD = Pattern.compile("\"password\" : \"([a-z0-9-]{29})\"");
  private static final Pattern READY = Pattern.compile("ready in ");
  private static final String LOADED = "[class,load] ";
  private static final String BUNDLES = "/system/console/bundles";

  /** Without the servlet API: Logback looks at an interface of it when it is there. */
  private static final List<String> CONSOLES =
      List.of(
          "io.tenon.console.",
          "org.apache.felix.webconsole.",
          "org.apache.felix.http.",
          "org.apache.felix.inventory.",
          "org.apache.commons.",
          "org.eclipse.jetty.",
          "org.owasp.");

  @TempDir private Path folder;
  private Path home;
  private NodeProcess node;
  private SpokenNode local;

  @BeforeEach
  void unpack() throws IOException {
    home = NodeProcess.home(folder);
    local = new SpokenNode(home, folder.resolve("n1"));
  }

  @AfterEach
  void stop() {
    if (node != null) node.close();
  }

  private void start() throws Exception {
    Files.writeString(home.resolve("etc/io.tenon.console.cfg"), "port=" + PORT + "\n");
    node = NodeProcess.startReady(home, folder, "n1");
    awaitPort("127.0.0.1");
  }

  private static boolean listens(String address) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, PORT), SOCKET_MS);
      return true;
    } catch (IOException e) {
      return false; // what is asked
    }
  }

  private static void awaitPort(String address) {
    long from = System.nanoTime();
    while (!listens(address)) {
      assertTrue(System.nanoTime() - from < DEADLINE_NS, "no port");
      LockSupport.parkNanos(50_000_000);
    }
  }

  private String create(String user, String role) throws Exception {
    String said = local.say("tenon:user", "create", user, "--role", role, "--json");
    var told = TOLD.matcher(said);
    assertTrue(told.find(), said);
    return told.group(1);
  }

  private record Answer(int status, String head, String body) {}

  /** As it goes over the wire, so that every header can be said. */
  private static Answer ask(String from, String method, String path, String body, String... headers)
      throws IOException {
    var text = new StringBuilder(method + " " + path + " HTTP/1.1\r\nConnection: close\r\n");
    boolean hasHost = false;
    for (String header : headers) {
      hasHost |= header.startsWith("Host:");
      text.append(header).append("\r\n");
    }
    if (!hasHost) text.append("Host: " + OURS + "\r\n");
    if (!body.isEmpty()) {
      text.append("Content-Type: application/x-www-form-urlencoded\r\n");
      text.append("Content-Length: " + body.length() + "\r\n");
    }
    text.append("\r\n").append(body);
    try (var socket = new Socket()) {
      socket.bind(new InetSocketAddress(from, 0));
      socket.setSoTimeout(SOCKET_MS);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT), SOCKET_MS);
      socket.getOutputStream().write(text.toString().getBytes(StandardCharsets.UTF_8));
      var said =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
              .split("\r\n\r\n", 2);
      assertTrue(said[0].startsWith("HTTP/1.1 "), said[0]);
      return new Answer(Integer.parseInt(said[0].substring(9, 12)), said[0], said[1]);
    }
  }

  private static Answer get(String path, String... headers) throws IOException {
    return ask("127.0.0.1", "GET", path, "", headers);
  }

  private static String login(String user, String password) {
    byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    return "Authorization: Basic " + Base64.getEncoder().encodeToString(both);
  }

  private String audit(String name) throws IOException {
    Path file = folder.resolve("n1/audit").resolve(name + ".jsonl");
    return Files.exists(file) ? Files.readString(file) : "";
  }

  /** The web console registers its pages one after the other. */
  private static Answer eventually(int status, String path, String... headers) throws IOException {
    long from = System.nanoTime();
    while (true) {
      var answer = get(path, headers);
      if (answer.status() == status) return answer;
      assertTrue(System.nanoTime() - from < DEADLINE_NS, () -> "never " + status + ": " + answer);
      LockSupport.parkNanos(100_000_000);
    }
  }

  @Test
  void nothingOfItIsLoadedUnlessItIsAskedFor() throws Exception {
    assertEquals(List.of(), loadedOfConsole());
    Files.writeString(home.resolve("etc/io.tenon.console.cfg"), "port=" + PORT + "\n");
    assertFalse(loadedOfConsole().isEmpty(), "asked for and not loaded");
  }

  private List<String> loadedOfConsole() throws Exception {
    Path log = folder.resolve("classes");
    try (var one =
        NodeProcess.startWith(
            "-Xlog:class+load:file=" + log,
            home,
            "--grpc",
            "127.0.0.1:0",
            "--nvme",
            "127.0.0.1:0",
            "--data",
            folder.resolve("n0").toString())) {
      one.await(READY);
      var spoken = new SpokenNode(home, folder.resolve("n0"));
      spoken.mustNot("io.tenon.console", "tenon:health");
      assertEquals(0, one.terminate());
    }
    var classes =
        Files.readAllLines(log).stream()
            .filter(line -> line.contains(LOADED))
            .map(line -> line.substring(line.indexOf(LOADED) + LOADED.length()))
            .toList();
    assertTrue(classes.stream().anyMatch(name -> name.startsWith("io.tenon.shell.internal.")));
    return classes.stream()
        .filter(name -> CONSOLES.stream().anyMatch(name::startsWith))
        .limit(5)
        .toList();
  }

  @Test
  void adminsWithAPasswordComeInAndNobodyElse() throws Exception {
    start();
    assertEquals(401, eventually(401, BUNDLES).status(), "before anybody has a password");
    for (String everybodys : List.of("admin", "")) {
      assertEquals(401, get(BUNDLES, login("admin", everybodys)).status());
    }
    String ada = create("ada", "admin");
    String vera = create("vera", "viewer");

    var page = eventually(200, BUNDLES, login("ada", ada));
    assertTrue(page.body().contains("io.tenon.pool"), page.head());
    assertTrue(page.head().contains("X-Frame-Options: DENY"), page.head());
    assertEquals(403, get(BUNDLES, login("vera", vera)).status());
    assertEquals(401, get(BUNDLES, login("ada", vera)).status());
    assertEquals(401, get(BUNDLES).status());
    assertEquals(421, get(BUNDLES, login("ada", ada), "Host: evil.example").status());
    var health = eventually(200, "/system/console/healthcheck?tags=ready", login("ada", ada));
    assertTrue(health.body().contains("reactors"), health::toString);
    assertFalse(listens("127.0.0.2"), "it listens where it was not told to");

    local.must("no password any more", "tenon:user", "remove", "ada");
    assertEquals(401, get(BUNDLES, login("ada", ada)).status());
    assertTrue(audit("connections").contains("\"logged_in\",\"user\":\"ada\",\"via\":\"console\""));
    assertTrue(audit("connections").contains("The web console is for admins"));
    for (String secret : List.of(ada, vera)) {
      assertFalse(audit("connections").contains(secret) || audit("commands").contains(secret));
    }
    assertEquals(0, node.terminate());
  }

  @Test
  void whatChangesSomethingComesFromItsOwnPagesAndIsWrittenDown() throws Exception {
    start();
    String ada = login("ada", create("ada", "admin"));
    eventually(200, BUNDLES, ada);
    String stop = BUNDLES + "/io.tenon.backend.nil";
    for (String foreign :
        List.of("Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site")) {
      assertEquals(403, ask("127.0.0.1", "POST", stop, "action=stop", ada, foreign).status());
    }
    local.must("scheme", "tenon:backend", "show", "null");
    assertFalse(audit("commands").contains("POST"), audit("commands"));

    var done = ask("127.0.0.1", "POST", stop, "action=stop", ada, "Origin: http://" + OURS);
    assertTrue(done.status() == 200 || done.status() == 302, done::toString);
    local.must("no", "tenon:backend", "show", "null");
    assertTrue(
        audit("commands").contains("\"line\":\"POST " + stop + " stop\""), audit("commands"));
    local.must("io.tenon.backend.nil was stopped", "tenon:health", "parts");
  }

  @Test
  void whoGuessesIsNotHeardForAWhileAndOthersAre() throws Exception {
    start();
    String ada = create("ada", "admin");
    eventually(401, BUNDLES);
    for (int i = 0; i < 5; i++) {
      assertEquals(401, ask("127.0.0.2", "GET", BUNDLES, "", login("ada", "guess" + i)).status());
    }
    assertEquals(429, ask("127.0.0.2", "GET", BUNDLES, "", login("ada", ada)).status());
    eventually(200, BUNDLES, login("ada", ada));
    assertTrue(audit("connections").contains("\"blocked\""), audit("connections"));
  }

  @Test
  void withoutTlsItListensOnNoOtherAddressAndTlsIsTls() throws Exception {
    Path config = home.resolve("etc/io.tenon.console.cfg");
    Files.writeString(config, "port=" + PORT + "\naddress=0.0.0.0\n");
    node = NodeProcess.startReady(home, folder, "n1");
    local.eventually(
        "io.tenon.console.internal.Console of io.tenon.console has failed",
        "tenon:health",
        "parts");
    assertFalse(listens("127.0.0.1"));

    Path keystore = folder.resolve("keystore.p12");
    keystore(keystore);
    Path secret = Files.writeString(folder.resolve("secret"), "changeit\n");
    Files.writeString(
        config,
        "port=%d\naddress=0.0.0.0\nkeystore=%s\nkeystore.password.file=%s\n"
            .formatted(PORT, keystore, secret));
    awaitPort("127.0.0.2");
    assertEquals(401, overTls());
  }

  private static void keystore(Path file) throws Exception {
    var made =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                file.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-alias",
                "node")
            .inheritIO()
            .start();
    assertEquals(0, made.waitFor());
  }

  private static int overTls() throws Exception {
    long from = System.nanoTime();
    while (true) {
      var asked =
          new ProcessBuilder("openssl", "s_client", "-quiet", "-connect", "127.0.0.2:" + PORT)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (var out = asked.getOutputStream()) {
        out.write(
            ("GET " + BUNDLES + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8));
        out.flush();
        String said = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (said.startsWith("HTTP/1.1 401")) return 401;
        assertTrue(System.nanoTime() - from < DEADLINE_NS, () -> "never asked who: " + said);
      } finally {
        asked.destroyForcibly();
      }
      LockSupport.parkNanos(100_000_000);
    }
  }
}
