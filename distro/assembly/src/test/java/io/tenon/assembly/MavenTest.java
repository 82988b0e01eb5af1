package io.tenon.assembly;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bundles from Maven repositories: on this machine, and by a real HTTP server. */
class MavenTest {
  private static final String JAR = "com/example/tape/1.0/tape-1.0.jar";
  private static final String COORDINATES = "com.example:tape:1.0";

  @TempDir private Path folder;
  private final List<HttpServer> servers = new ArrayList<>();
  private Fixture fixture;
  private Path repository;
  private byte[] tape = {};

  @BeforeEach
  void fill() throws Exception {
    fixture = Fixture.make(folder);
    repository = Files.createDirectories(folder.resolve("repository"));
    Path made =
        Fixture.bundle(
            folder.resolve("built"),
            "tape",
            "1.0.0",
            Map.of(Fixture.PROVIDE, "tenon.backend;scheme=tape"));
    tape = Files.readAllBytes(made);
    put(JAR, tape);
    put(JAR + ".sha1", sha1(tape).getBytes(StandardCharsets.UTF_8));
  }

  @AfterEach
  void stop() {
    for (HttpServer server : servers) server.stop(0);
  }

  private void put(String place, byte[] content) throws IOException {
    Path file = repository.resolve(place);
    Files.createDirectories(file.getParent());
    Files.write(file, content);
  }

  private static String sha1(byte[] content) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(content));
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private String serve(HttpServer server) {
    server.start();
    servers.add(server);
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** The repository as it is, as a web server has it. */
  private String http() {
    return serve(
        SimpleFileServer.createFileServer(
            anyPort(), repository, SimpleFileServer.OutputLevel.NONE));
  }

  private String http(HttpHandler handler) throws IOException {
    HttpServer server = HttpServer.create(anyPort(), 0);
    server.createContext("/", handler);
    return serve(server);
  }

  private String[] words(String... urls) {
    var words = new ArrayList<String>();
    words.addAll(List.of("create", "mine", "-o", folder.resolve("mine").toString()));
    words.addAll(List.of("--backend", "tape", "--maven", COORDINATES));
    words.addAll(List.of("--maven-local", folder.resolve("none").toString()));
    for (String url : urls) words.addAll(List.of("--maven-repository", url));
    return words.toArray(String[]::new);
  }

  private void fetch(String... urls) throws IOException {
    assertEquals(Main.DONE, fixture.run(words(urls)), () -> fixture.complained);
    Path made = folder.resolve("mine/bundles");
    assertEquals(Set.of("feature.core-1.0.0.jar", "tape-1.0.0.jar"), Fixture.names(made));
    assertEquals(-1, Arrays.mismatch(tape, Files.readAllBytes(made.resolve("tape-1.0.0.jar"))));
  }

  private void refuse(String reason, String... urls) throws IOException {
    Set<String> before = Fixture.names(folder);
    assertEquals(Main.REFUSED, fixture.run(words(urls)), () -> fixture.said);
    assertTrue(fixture.complained.contains(reason), fixture.complained);
    assertTrue(fixture.complained.contains("  Do:  "), fixture.complained);
    assertFalse(fixture.complained.contains("Exception"), fixture.complained);
    assertEquals(before, Fixture.names(folder), "nothing is left behind");
  }

  @Test
  void aBundleIsFetchedFromAWebServerWhenItsChecksumIsRight() throws Exception {
    fetch(http());
  }

  @Test
  void aChecksumMayHaveTheNameOfItsFileBehindIt() throws Exception {
    put(
        JAR + ".sha1",
        (sha1(tape).toUpperCase(Locale.ROOT) + "  tape-1.0.jar\n")
            .getBytes(StandardCharsets.UTF_8));
    fetch(http());
  }

  @Test
  void aFolderIsARepositoryAsWell() throws Exception {
    fetch(repository.toUri().toString());
  }

  @Test
  void whatTheLocalRepositoryHasIsNotDownloaded() throws IOException {
    String[] words = words("http://127.0.0.1:1");
    words[Arrays.asList(words).indexOf("--maven-local") + 1] = repository.toString();
    assertEquals(Main.DONE, fixture.run(words), () -> fixture.complained);
  }

  @Test
  void theNextRepositoryIsAskedWhenOneDoesNotHaveIt() throws Exception {
    fetch(http(exchange -> exchange.sendResponseHeaders(404, -1)), http());
  }

  @Test
  void aWrongChecksumIsRefused() throws Exception {
    put(JAR + ".sha1", "0".repeat(40).getBytes(StandardCharsets.UTF_8));
    String url = http();
    refuse(url + ": it was damaged on the way or there: its SHA-1 is " + sha1(tape), url);
  }

  @Test
  void aChecksumThatIsNoneIsRefused() throws Exception {
    put(JAR + ".sha1", "<html>Sign in</html>".getBytes(StandardCharsets.UTF_8));
    String url = http();
    refuse("what is in " + url + "/" + JAR + ".sha1 is no SHA-1", url);
  }

  @Test
  void aBundleWithoutAChecksumIsRefused() throws Exception {
    Files.delete(repository.resolve(JAR + ".sha1"));
    String url = http();
    refuse("it is there without its checksum, " + url + "/" + JAR + ".sha1", url);
  }

  @Test
  void whatIsInNoRepositoryIsNamedWithAllThatWereAsked() throws Exception {
    Files.delete(repository.resolve(JAR));
    String one = http();
    String other = http();
    refuse(one + ": it is not there: " + one + "/" + JAR, one, other);
    assertTrue(fixture.complained.contains(other + "/" + JAR), fixture.complained);
    assertTrue(fixture.complained.contains("not in " + folder.resolve("none")));
  }

  @Test
  void aServerInTroubleIsNotTakenForOneThatDoesNotHaveIt() throws Exception {
    refuse("it answers with HTTP status 503", http(one -> one.sendResponseHeaders(503, -1)));
  }

  @Test
  void aDownloadThatIsCutOffIsRefused() throws Exception {
    String url =
        http(
            exchange -> {
              exchange.sendResponseHeaders(200, tape.length);
              exchange.getResponseBody().write(tape, 0, tape.length / 2);
              exchange.getResponseBody().flush();
              throw new IOException("the server goes");
            });
    refuse(url + ": it ended too early", url);
  }

  @Test
  void nobodyWhereARepositoryShouldBeIsSaid() throws Exception {
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    refuse("nobody answers there", "http://127.0.0.1:" + port);
  }

  @Test
  void aJarThatIsNoBundleIsRefusedByItsName() throws Exception {
    Path jar = folder.resolve("repository").resolve(JAR);
    new JarOutputStream(Files.newOutputStream(jar), new Manifest()).close();
    put(JAR + ".sha1", sha1(Files.readAllBytes(jar)).getBytes(StandardCharsets.UTF_8));
    refuse(COORDINATES + " is no bundle.", http());
    assertTrue(fixture.complained.contains("tape-1.0.jar has no Bundle-SymbolicName"));
  }
}
