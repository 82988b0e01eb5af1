package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Passwords over SSH, where somebody has switched them on: with OpenSSH's client, as a person types them. */
@Timeout(600)
class SshPasswordTest {
  private static final int PORT = 21511;
  private static final Pattern LISTENS = Pattern.compile("SSH listens on 127.0.0.1:" + PORT);
  private static final Pattern SILENT = Pattern.compile("SSH does not listen any more");
  private static final Pattern TOLD = Pattern.compile("\"password\" : \"([a-z0-9-]{29})\"");
  private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(90);
  private static final int NOT_ALLOWED = 4;
  private static final int SSH_FAILED = 255;

  @TempDir private Path folder;
  private Path home;
  private NodeProcess node;
  private SpokenNode local;
  private SshClient ssh;

  @BeforeEach
  void startWithPasswordsOn() throws Exception {
    home = NodeProcess.home(folder);
    Files.writeString(home.resolve("etc/io.tenon.ssh.cfg"), "port=" + PORT + "\npasswords=true\n");
    node = NodeProcess.startReady(home, folder, "n1");
    local = new SpokenNode(home, folder.resolve("n1"));
    ssh = new SshClient(folder, PORT);
  }

  @AfterEach
  void stop() {
    node.close();
  }

  private String create(String user, String role) throws Exception {
    String said = local.say("tenon:user", "create", user, "--role", role, "--json");
    var told = TOLD.matcher(said);
    assertTrue(told.find(), said);
    return told.group(1);
  }

  private static void connect() throws IOException {
    new Socket(InetAddress.getLoopbackAddress(), PORT).close();
  }

  private SshClient.Answer run(String user, String password, String command) throws Exception {
    return ssh.byPassword(user, password, List.of(), command);
  }

  private String audit(String name) throws IOException {
    Path file = folder.resolve("n1/audit").resolve(name + ".jsonl");
    return Files.exists(file) ? Files.readString(file) : "";
  }

  private void awaitConnection(String event) throws IOException {
    long from = System.nanoTime();
    while (!audit("connections").contains(event)) {
      assertTrue(System.nanoTime() - from < DEADLINE_NS, () -> "never " + event);
      LockSupport.parkNanos(50_000_000);
    }
  }

  @Test
  void nobodyHasAPasswordSoThereIsNoPortUntilSomebodyHas() throws Exception {
    assertThrows(ConnectException.class, SshPasswordTest::connect);
    String password = create("vera", "viewer");
    node.await(LISTENS);

    var who = run("vera", password, "whoami");
    assertEquals("vera, viewer\n", who.out(), who::toString);
    assertEquals(NOT_ALLOWED, run("vera", password, "device:create malloc:///x").status());
    assertEquals(NOT_ALLOWED, run("vera", password, "tenon:user list").status());
    for (String wrong : List.of("", password + "x", password.substring(1))) {
      var refused = run("vera", wrong, "whoami");
      assertEquals(SSH_FAILED, refused.status());
      assertTrue(
          refused.err().contains("Permission denied (publickey,password)"), refused::toString);
    }
    assertEquals(SSH_FAILED, run("ada", password, "whoami").status());

    local.must("vera has no password any more", "tenon:user", "remove", "vera");
    node.await(SILENT);
    assertThrows(ConnectException.class, SshPasswordTest::connect);
    assertEquals(0, node.terminate());
  }

  @Test
  void aNewPasswordPutsOutWhoIsInWithTheOldOne() throws Exception {
    String old = create("otto", "operator");
    node.await(LISTENS);
    var open = ssh.startByPassword("otto", old, List.of("-tt"));
    awaitConnection("logged_in");

    local.must("\"password\"", "tenon:user", "reset", "otto", "--json");

    awaitConnection("logged_out");
    assertEquals(SSH_FAILED, SshClient.ended(open).status());
    assertEquals(SSH_FAILED, run("otto", old, "whoami").status());
  }

  @Test
  void whoGuessesFindsTheDoorClosedAndOthersDoNot() throws Exception {
    String password = create("ada", "admin");
    node.await(LISTENS);
    var elsewhere = List.of("-b", "127.0.0.2");
    for (int i = 0; i < 5; i++) ssh.byPassword("ada", "guess" + i, elsewhere, "whoami");

    assertEquals(SSH_FAILED, ssh.byPassword("ada", password, elsewhere, "whoami").status());
    assertTrue(audit("connections").contains("\"blocked\""), audit("connections"));
    assertEquals("ada, admin\n", run("ada", password, "whoami").out());
  }

  @Test
  void nothingOfAPasswordIsInAnyListingLogOrFileButWhatItIsCheckedAgainst() throws Exception {
    String password = create("ada", "admin");
    node.await(LISTENS);
    String kept = Files.readString(folder.resolve("n1/passwords"));
    String hash = kept.lines().toList().get(1).split(" ")[5];
    assertFalse(kept.contains(password));

    assertEquals(SSH_FAILED, run("ada", "hunter2-wrong", "whoami").status());
    var list = run("ada", password, "tenon:user list --json");
    assertTrue(list.out().contains("\"user\" : \"ada\""), list::toString);
    assertTrue(audit("connections").contains("With a password."), audit("connections"));
    assertTrue(audit("connections").contains("That password lets nobody of this name in."));
    String log = endedLog();
    for (String secret : List.of(password, hash, "hunter2-wrong")) {
      assertFalse(list.out().contains(secret));
      assertFalse(log.contains(secret), "in the node's log");
      assertEquals(
          secret.equals(hash) ? List.of("passwords") : List.of(), filesThatHold(secret), secret);
    }
  }

  private String endedLog() throws Exception {
    node.terminate();
    return node.complaint();
  }

  private List<String> filesThatHold(String secret) throws IOException {
    Path data = folder.resolve("n1");
    try (Stream<Path> files = Files.walk(data)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> holds(file, secret))
          .map(file -> data.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  private static boolean holds(Path file, String secret) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(secret);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
