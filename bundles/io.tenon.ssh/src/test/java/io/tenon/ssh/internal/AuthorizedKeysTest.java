package io.tenon.ssh.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.shell.api.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.List;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorizedKeysTest {
  @TempDir private Path folder;
  private KeyPair pair;
  private String key;

  @BeforeAll
  static void register() {
    Ed25519.register();
  }

  @BeforeEach
  void make() throws Exception {
    pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    key = PublicKeyEntry.toString(pair.getPublic());
  }

  private static AuthorizedKeys of(String... lines) {
    var keys = new AuthorizedKeys();
    keys.add("file", List.of(lines));
    return keys;
  }

  @Test
  void aKeyLetsInWhomItsLineNames() {
    var keys = of("# people", "", "user=ann,role=operator " + key + " ann at home");
    assertEquals(List.of(), keys.complaints());
    assertEquals(Role.OPERATOR, keys.find("ann", pair.getPublic()).orElseThrow().role());
    assertTrue(keys.find("bob", pair.getPublic()).isEmpty());
    assertTrue(keys.find("", pair.getPublic()).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "KEY",
        "user=ann KEY",
        "role=admin KEY",
        "user=ann,role=root KEY",
        "user=ann,role=Admin KEY",
        "user=ann,role=admin,role=viewer KEY",
        "user=ann,user=bob,role=admin KEY",
        "user=../etc,role=admin KEY",
        "user=,role=admin KEY",
        "user=Ann,role=admin KEY",
        "user=ann,role=admin,from=\"10.0.0.1\" KEY",
        "user=ann,role=admin,no-pty KEY",
        "user=ann,role=admin ssh-ed25519 AAAA",
        "user=ann,role=admin ssh-ed25519 !!!!",
        "user=ann,role=admin ssh-dss AAAAB3NzaC1kc3MAAACB",
        "user=ann,role=admin",
        "nonsense",
      })
  void aLineThatIsNotUnderstoodLetsNobodyInAndSaysWhy(String line) {
    var keys = of(line.replace("KEY", key));
    assertTrue(keys.isEmpty());
    assertEquals(1, keys.complaints().size());
    assertTrue(
        keys.complaints().getFirst().startsWith("file, line 1, lets nobody in: "),
        keys.complaints()::toString);
  }

  @Test
  void oneUserHasOneRole() throws Exception {
    var second =
        PublicKeyEntry.toString(
            KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPublic());
    var keys = of("user=ann,role=viewer " + key, "user=ann,role=admin " + second);
    assertEquals(1, keys.byFingerprint().size());
    assertTrue(keys.complaints().getFirst().contains("has role viewer by another line"));
  }

  @Test
  void aShortRsaKeyIsNoKey() throws Exception {
    var generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(1024);
    var shortKey = PublicKeyEntry.toString(generator.generateKeyPair().getPublic());
    assertTrue(of("user=ann,role=admin " + shortKey).isEmpty());
  }

  @Test
  void aFileThatOthersMayWriteToLetsNobodyIn() throws Exception {
    Path file = Files.writeString(folder.resolve("keys"), "user=ann,role=admin " + key + "\n");
    var files = new KeyFiles(List.of(folder.resolve("missing"), file));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertFalse(files.read().isEmpty());
    var before = files.stamp();
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
    assertTrue(files.read().isEmpty());
    assertTrue(files.read().complaints().getFirst().contains("chmod go-w"));
    assertFalse(before.equals(files.stamp()));
  }

  @Test
  void theHostKeyIsMadeOnceAndItsOwners() throws Exception {
    var made = HostKey.in(folder.resolve("ssh"));
    var again = HostKey.in(folder.resolve("ssh"));
    assertEquals(made.getPublic(), again.getPublic());
    assertEquals(made.getPrivate(), again.getPrivate());
    Path file = folder.resolve("ssh/host_key");
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    HostKey.in(folder.resolve("ssh"));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertTrue(
        Files.readString(folder.resolve("ssh/host_key.pub"))
            .startsWith(PublicKeyEntry.toString(made.getPublic())));
  }
}
