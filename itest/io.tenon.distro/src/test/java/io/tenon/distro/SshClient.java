package io.tenon.distro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** OpenSSH's client, as people have it, towards one node. */
final class SshClient {
  private static final long DEADLINE_SECONDS = 90;

  private final Path folder;
  private final int port;

  SshClient(Path folder, int port) {
    this.folder = folder;
    this.port = port;
  }

  /** What a call ended with, and said. */
  record Answer(int status, String out, String err) {}

  /** Makes a key pair; answers the line of its public half. */
  static String key(Path folder, String name, String type) throws Exception {
    Path file = folder.resolve(name);
    var made =
        new ProcessBuilder("ssh-keygen", "-q", "-t", type, "-N", "", "-C", name, "-f", "" + file)
            .inheritIO()
            .start();
    assertEquals(0, made.waitFor());
    return Files.readString(folder.resolve(name + ".pub")).strip();
  }

  static String fingerprint(Path publicKey) throws Exception {
    var asked = new ProcessBuilder("ssh-keygen", "-l", "-f", publicKey.toString()).start();
    String line = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, asked.waitFor(), line);
    return line.split(" ")[1];
  }

  Answer run(String user, String key, String command) throws Exception {
    return call(user, key, List.of(), command);
  }

  /**
   * @param options of ssh
   */
  Answer call(String user, String key, List<String> options, String... command) throws Exception {
    return end(start(user, key, options, command));
  }

  static Answer end(Process process) throws Exception {
    process.getOutputStream().close();
    return ended(process);
  }

  /** Waits for the node to end it: standard input stays open. */
  static Answer ended(Process process) throws Exception {
    var err = new StringBuilder();
    var reading =
        Thread.ofVirtual()
            .start(() -> process.errorReader().lines().forEach(l -> err.append(l).append('\n')));
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return fail("ssh did not end: " + out + err);
    }
    reading.join();
    return new Answer(process.exitValue(), out, err.toString());
  }

  Process start(String user, String key, List<String> options, String... command)
      throws IOException {
    var byKey = new ArrayList<String>();
    byKey.addAll(List.of("-i", folder.resolve(key).toString(), "-o", "BatchMode=yes"));
    byKey.addAll(options);
    return client(user, byKey, command).start();
  }

  /** As a person does who types a password once. */
  Answer byPassword(String user, String password, List<String> options, String... command)
      throws Exception {
    return end(startByPassword(user, password, options, command));
  }

  Process startByPassword(String user, String password, List<String> options, String... command)
      throws IOException {
    Path asked = folder.resolve("askpass");
    if (!Files.exists(asked)) {
      Files.writeString(asked, "#!/bin/sh\nprintf '%s\\n' \"$TEST_PASSWORD\"\n");
      Files.setPosixFilePermissions(asked, PosixFilePermissions.fromString("rwx------"));
    }
    var byPassword = new ArrayList<String>();
    for (String option :
        List.of(
            "PreferredAuthentications=password",
            "PubkeyAuthentication=no",
            "NumberOfPasswordPrompts=1")) {
      byPassword.addAll(List.of("-o", option));
    }
    byPassword.addAll(options);
    var client = client(user, byPassword, command);
    client.environment().put("SSH_ASKPASS", asked.toString());
    client.environment().put("SSH_ASKPASS_REQUIRE", "force");
    client.environment().put("TEST_PASSWORD", password);
    return client.start();
  }

  private ProcessBuilder client(String user, List<String> options, String... command) {
    var line = new ArrayList<String>();
    line.addAll(List.of("ssh", "-F", "/dev/null", "-p", Integer.toString(port)));
    for (String option :
        List.of(
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "StrictHostKeyChecking=accept-new",
            "UserKnownHostsFile=" + folder.resolve("known_hosts"),
            "LogLevel=INFO")) {
      line.addAll(List.of("-o", option));
    }
    line.addAll(options);
    line.add(user + "@127.0.0.1");
    line.addAll(List.of(command));
    return new ProcessBuilder(line);
  }
}
