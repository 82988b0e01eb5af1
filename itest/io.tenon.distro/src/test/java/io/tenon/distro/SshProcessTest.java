package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.distro.SshClient.Answer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The shell over SSH, with OpenSSH's client: who gets in, what they get, and what is written down of it. */
@Timeout(300)
class SshProcessTest {
  private static final int PORT = 22511;
  private static final String ONLY_A_PORT = "port=" + PORT + "\n";
  private static final Pattern LISTENS = Pattern.compile("SSH listens on 127.0.0.1:" + PORT);
  private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(90);
  private static final int NOT_ALLOWED = 4;
  private static final int NOT_UNDERSTOOD = 2;
  private static final int SSH_FAILED = 255;

  @TempDir private static Path folder;
  private static Path data;
  private static Path keys;
  private static Path config;
  private static NodeProcess node;
  private static SshClient ssh;

  @BeforeAll
  static void startWithoutKeysThenGiveSome() throws Exception {
    Path home = NodeProcess.home(folder);
    config = home.resolve("etc/io.tenon.ssh.cfg");
    Files.writeString(config, ONLY_A_PORT);
    node = NodeProcess.startReady(home, folder, "n1");
    data = folder.resolve("n1");
    keys = home.resolve("etc/authorized_keys");
    ssh = new SshClient(folder, PORT);
    assertThrows(ConnectException.class, SshProcessTest::connect, "no key, and yet a port");

    var lines =
        "# people\n"
            + "user=vera,role=viewer %s\n".formatted(SshClient.key(folder, "vera", "ed25519"))
            + "user=otto,role=operator %s\n".formatted(SshClient.key(folder, "otto", "ecdsa"))
            + "user=ada,role=admin %s\n".formatted(SshClient.key(folder, "ada", "rsa"));
    Files.writeString(keys, lines);
    Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-r--r--"));
    SshClient.key(folder, "stranger", "ed25519");
    node.await(LISTENS);
  }

  @AfterAll
  static void stopInOrder() throws Exception {
    try (var stopped = node) {
      assertEquals(0, stopped.terminate());
    }
  }

  private static void connect() throws IOException {
    new Socket(InetAddress.getLoopbackAddress(), PORT).close();
  }

  private static String audit(String name) throws IOException {
    Path file = data.resolve("audit").resolve(name + ".jsonl");
    return Files.exists(file) ? Files.readString(file) : "";
  }

  /** Waits until a line of an audit log has all of these. */
  private static void awaitAudit(String name, String... parts) throws IOException {
    long from = System.nanoTime();
    while (audit(name)
        .lines()
        .noneMatch(line -> List.of(parts).stream().allMatch(line::contains))) {
      if (System.nanoTime() - from > DEADLINE_NS) {
        throw new AssertionError(List.of(parts) + " never came to be in\n" + audit(name));
      }
      LockSupport.parkNanos(50_000_000);
    }
  }

  private static void assertDone(Answer answer) {
    assertEquals(0, answer.status(), answer::toString);
  }

  @Test
  void eachKeyTypeLetsItsUserIn() throws Exception {
    assertEquals("vera, viewer\n", ssh.run("vera", "vera", "whoami").out());
    assertEquals("otto, operator\n", ssh.run("otto", "otto", "whoami").out());
    assertEquals("ada, admin\n", ssh.run("ada", "ada", "whoami").out());
    var admin = ssh.run("ada", "ada", "lb -s | grep io.tenon.ssh");
    assertTrue(admin.out().contains("io.tenon.ssh"), admin::toString);
    awaitAudit("connections", "logged_in", "\"user\":\"vera\"", "\"address\":\"127.0.0.1\"");
    awaitAudit("connections", "logged_out", SshClient.fingerprint(folder.resolve("vera.pub")));
  }

  @Test
  void aWrongKeyAndANameOfAnotherAreRefusedAndWrittenDown() throws Exception {
    for (String user : List.of("vera", "nobody", "root")) {
      var refused = ssh.run(user, "stranger", "whoami");
      assertEquals(SSH_FAILED, refused.status());
      assertTrue(refused.err().contains("Permission denied (publickey)"), refused::toString);
      awaitAudit(
          "connections",
          "refused",
          "\"user\":\"" + user + "\"",
          SshClient.fingerprint(folder.resolve("stranger.pub")));
      assertDone(ssh.run("vera", "vera", "whoami")); // so that the address is not blocked
    }
    assertEquals(SSH_FAILED, ssh.run("ada", "vera", "whoami").status());
    assertDone(ssh.run("vera", "vera", "whoami"));
  }

  @Test
  void thereAreNoPasswords() throws Exception {
    var refused =
        ssh.call(
            "vera",
            "vera",
            List.of("-v", "-o", "PreferredAuthentications=password,keyboard-interactive"),
            "whoami");
    assertEquals(SSH_FAILED, refused.status());
    assertTrue(
        refused.err().contains("Authentications that can continue: publickey\n"),
        refused::toString);
  }

  @Test
  void whoTriesTooOftenFindsTheDoorClosedAndOthersDoNot() throws Exception {
    var fromElsewhere = List.of("-b", "127.0.0.2");
    for (int i = 0; i < 5; i++) ssh.call("ada", "stranger", fromElsewhere, "whoami");
    awaitAudit("connections", "blocked", "\"address\":\"127.0.0.2\"");
    assertEquals(SSH_FAILED, ssh.call("vera", "vera", fromElsewhere, "whoami").status());
    assertDone(ssh.run("vera", "vera", "whoami"));
  }

  @Test
  void aRoleIsHeldAgainstEachCommand() throws Exception {
    var list = ssh.run("vera", "vera", "tenon:device list --json");
    assertDone(list);
    assertTrue(list.out().startsWith("["), list::toString);
    var refused = ssh.run("vera", "vera", "device:create 'malloc:///no?size_mb=4'");
    assertEquals(NOT_ALLOWED, refused.status());
    assertTrue(refused.err().contains("needs role operator; yours is viewer"), refused::toString);
    awaitAudit("commands", "\"user\":\"vera\"", "\"result\":\"refused\"", "malloc:///no");

    assertDone(ssh.run("otto", "otto", "device:create 'malloc:///yes?size_mb=4'"));
    awaitAudit("commands", "\"event\":\"begin\"", "\"user\":\"otto\"", "malloc:///yes");
    awaitAudit("commands", "\"event\":\"end\"", "\"user\":\"otto\"", "\"result\":\"done\"");
    assertFalse(ssh.run("vera", "vera", "tenon:device list").out().contains("no "));
    assertEquals(NOT_ALLOWED, ssh.run("otto", "otto", "stop io.tenon.backend.nil").status());
    assertEquals(NOT_ALLOWED, ssh.run("otto", "otto", "tenon:swap x /x.jar").status());
    assertEquals(NOT_ALLOWED, ssh.run("otto", "otto", "device:create aio://" + keys + "").status());
    assertEquals(NOT_ALLOWED, ssh.run("otto", "otto", "(bundle 0) stop").status());
    assertEquals(NOT_UNDERSTOOD, ssh.run("vera", "vera", "device:list --nonsense").status());
    assertEquals(1, ssh.run("vera", "vera", "device:show nosuch").status());
  }

  @Test
  void nothingIsForwardedAndNoFilesAreServed() throws Exception {
    String target = "127.0.0.1:" + PORT;
    var local = ssh.call("ada", "ada", List.of("-W", target));
    assertNotEquals(0, local.status());
    assertTrue(local.err().contains("open failed"), local::toString);
    var remote =
        ssh.call(
            "ada", "ada", List.of("-N", "-o", "ExitOnForwardFailure=yes", "-R", "22513:" + target));
    assertEquals(SSH_FAILED, remote.status());
    assertTrue(remote.err().contains("remote port forwarding failed"), remote::toString);
    var sftp = ssh.call("ada", "ada", List.of("-s"), "sftp");
    assertTrue(sftp.err().contains("subsystem request failed"), sftp::toString);
    assertNotEquals(0, ssh.run("vera", "vera", "scp -f /etc/passwd").status());
    assertDone(ssh.call("vera", "vera", List.of("-A"), "whoami")); // asked for, and not given
  }

  @Test
  void twoWorkAtOnceAndWhoGoesStopsWhatTheyRan() throws Exception {
    assertDone(ssh.run("otto", "otto", "device:create 'malloc:///long?size_mb=16'"));
    var load = ssh.start("otto", "otto", List.of(), "load:run long --seconds 3600");
    awaitAudit("commands", "\"event\":\"begin\"", "load:run long");
    assertDone(ssh.run("vera", "vera", "tenon:device list"));
    assertTrue(load.isAlive());
    load.destroyForcibly();
    awaitAudit("commands", "\"event\":\"end\"", "load:run long", "\"result\":\"interrupted\"");
    awaitAudit("connections", "logged_out", "\"user\":\"otto\"");
    assertDone(ssh.run("otto", "otto", "device:destroy long"));
  }

  @Test
  void controlCStopsACommand() throws Exception {
    assertDone(ssh.run("otto", "otto", "device:create 'malloc:///stop?size_mb=16'"));
    var load = ssh.start("otto", "otto", List.of("-tt"), "load:run stop --seconds 3600");
    awaitAudit("commands", "\"event\":\"begin\"", "load:run stop");
    long from = System.nanoTime();
    while (load.isAlive() && System.nanoTime() - from < DEADLINE_NS) {
      load.getOutputStream().write(3);
      load.getOutputStream().flush();
      if (load.waitFor(200, TimeUnit.MILLISECONDS)) break;
    }
    assertEquals(1, SshClient.end(load).status());
    awaitAudit("commands", "load:run stop", "\"result\":\"interrupted\"", "\"status\":1");
  }

  @Test
  void aPromptRunsLinesAndRemembersThem() throws Exception {
    var prompt = ssh.start("vera", "vera", List.of("-tt"));
    // The editor, a hundred-thousandfold repetition and a macro: keys that do nothing here.
    String keysThatDoNothing = "\u0018\u0005" + "\u001b9\u001b9\u001b9\u001b9\u001b9";
    String said = keysThatDoNothing + "whoami\r" + "device:create x\r" + "exit\r";
    prompt.getOutputStream().write(said.getBytes(StandardCharsets.UTF_8));
    prompt.getOutputStream().flush();
    var answer = SshClient.end(prompt);
    assertTrue(answer.out().contains("vera, viewer\r\n"), answer::toString);
    assertTrue(answer.out().contains("needs role operator"), answer::toString);
    assertEquals(NOT_ALLOWED, answer.status(), answer::toString);
    awaitAudit("commands", "\"user\":\"vera\"", "\"line\":\"whoami\"", "\"via\":\"ssh\"");
    String history = Files.readString(data.resolve("ssh/history/vera"));
    assertTrue(history.contains("device:create x"), history);
  }

  @Test
  void aScriptOnStandardInputRunsLineByLine() throws Exception {
    var script = ssh.start("vera", "vera", List.of("-T"));
    script.getOutputStream().write("whoami\ndevice:show nosuch\n".getBytes(StandardCharsets.UTF_8));
    var answer = SshClient.end(script);
    assertTrue(answer.out().contains("vera, viewer\n"), answer::toString);
    assertEquals(1, answer.status(), answer::toString);
  }

  @Test
  void whoIsTakenFromTheListIsOutAndABadLineLetsNobodyIn() throws Exception {
    String before = Files.readString(keys);
    String gone = SshClient.key(folder, "gone", "ed25519");
    Files.writeString(keys, "user=gone,role=viewer " + gone + "\n", StandardOpenOption.APPEND);
    node.await(Pattern.compile("SSH: 4 keys let somebody in"));
    var open = ssh.start("gone", "gone", List.of("-tt"));
    awaitAudit("connections", "logged_in", "\"user\":\"gone\"");
    Files.writeString(keys, before + "user=gone,role=boss " + gone + "\n");
    node.await(Pattern.compile("line 5, lets nobody in: a role is viewer, operator or admin"));
    assertEquals(SSH_FAILED, SshClient.ended(open).status());
    assertEquals(SSH_FAILED, ssh.run("gone", "gone", "whoami").status());
    assertDone(ssh.run("vera", "vera", "whoami"));
    Files.writeString(keys, before);
  }

  @Test
  void whoSaysNothingIsPutOutAndTold() throws Exception {
    Files.writeString(config, ONLY_A_PORT + "idle.timeout.s=3\n");
    node.await(LISTENS);
    var silent = SshClient.ended(ssh.start("vera", "vera", List.of("-tt")));
    assertEquals(SSH_FAILED, silent.status());
    String why = "Nothing was said for 3 s.";
    assertTrue(silent.err().contains(why), silent::toString);
    awaitAudit("connections", "logged_out", "\"user\":\"vera\"", why);
    Files.writeString(config, ONLY_A_PORT);
    node.await(LISTENS);
  }

  @Test
  void noSecretIsInAnyFileThatOthersReadNorInTheLog() throws Exception {
    ssh.run("ada", "ada", "tenon:swap io.tenon.x http://ada:hunter2@127.0.0.1:9/x.jar");
    awaitAudit("commands", "\"event\":\"end\"", "tenon:swap io.tenon.x");
    assertFalse(audit("commands").contains("hunter2"));
    assertTrue(Files.readString(data.resolve("ssh/host_key")).contains("BEGIN PRIVATE KEY"));
    for (String name : List.of("ssh/host_key", "audit/commands.jsonl", "audit/connections.jsonl")) {
      var rights = Files.getPosixFilePermissions(data.resolve(name));
      assertEquals("rw-------", PosixFilePermissions.toString(rights), name);
    }
    String shown = SshClient.fingerprint(data.resolve("ssh/host_key.pub"));
    var scan = new ProcessBuilder("ssh-keyscan", "-p", "" + PORT, "127.0.0.1").start();
    Path scanned = folder.resolve("scanned");
    Files.write(scanned, scan.getInputStream().readAllBytes());
    assertEquals(shown, SshClient.fingerprint(scanned));
  }

  @Test
  void whatIsSaidOnTheMachineItselfIsWrittenDownToo() throws Exception {
    NodeProcess.say(folder.resolve("home"), data, "tenon:device", "list");
    String user = System.getProperty("user.name");
    awaitAudit("commands", "\"user\":\"" + user + "\"", "\"via\":\"local\"", "tenon:device list");
  }
}
