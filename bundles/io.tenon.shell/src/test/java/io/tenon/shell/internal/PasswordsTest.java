package io.tenon.shell.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.shell.api.Accounts.Verdict;
import io.tenon.shell.api.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class PasswordsTest {
  private static final String HERE = "10.0.0.9";

  @TempDir private Path folder;
  private final AtomicLong nowNs = new AtomicLong();
  private Path file;
  private Passwords passwords;

  @BeforeEach
  void open() {
    file = folder.resolve("data/passwords");
    passwords = new Passwords(file, nowNs::get);
  }

  private Verdict check(String user, String password) {
    return passwords.check(user, password.toCharArray(), HERE);
  }

  @Test
  void withoutAFileNobodyHasAPassword() {
    assertFalse(passwords.any());
    assertInstanceOf(Verdict.Wrong.class, check("ann", ""));
  }

  @Test
  void aPasswordIsTheUsersAndNobodyElses() throws Exception {
    String ann = passwords.give("ann", Role.OPERATOR);
    String bob = passwords.give("bob", Role.VIEWER);

    assertTrue(passwords.any());
    assertEquals(Role.OPERATOR, assertInstanceOf(Verdict.Good.class, check("ann", ann)).role());
    assertEquals(Role.VIEWER, assertInstanceOf(Verdict.Good.class, check("bob", bob)).role());
    assertInstanceOf(Verdict.Wrong.class, check("ann", bob));
    assertInstanceOf(Verdict.Wrong.class, check("ann", ann + "x"));
    assertInstanceOf(Verdict.Wrong.class, check("nobody", ann));
    assertTrue(ann.matches("([a-z2-9]{5}-){4}[a-z2-9]{5}"), "made of other letters");
    assertNotEquals(ann, bob);
  }

  @Test
  void whatIsKeptIsForTheOwnersEyesAndIsNotThePassword() throws Exception {
    String password = passwords.give("ann", Role.ADMIN);
    String kept = Files.readString(file);

    assertFalse(kept.contains(password));
    assertTrue(kept.contains("ann admin pbkdf2-sha512 210000 "), kept);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    String hash = kept.lines().toList().get(1).split(" ")[5];
    assertFalse(passwords.all().toString().contains(hash));
    assertFalse(passwords.find("ann").orElseThrow().mark().contains(hash));
    assertFalse(Files.exists(folder.resolve("data/passwords.new")));
  }

  @Test
  void twoOfTheSamePasswordAreKeptDifferently() throws Exception {
    var random = new java.security.SecureRandom();
    var now = java.time.Instant.EPOCH;
    var one = PasswordHash.of("ann", Role.ADMIN, "same".toCharArray(), random, now);
    var other = PasswordHash.of("ann", Role.ADMIN, "same".toCharArray(), random, now);

    assertNotEquals(one.line(), other.line());
    assertNotEquals(one.mark(), other.mark());
    assertTrue(PasswordHash.parse(one.line()).orElseThrow().matches("same".toCharArray()));
  }

  @Test
  void aNewPasswordEndsTheOldOneAndWhoeverIsInWithIt() throws Exception {
    String old = passwords.give("ann", Role.ADMIN);
    var good = assertInstanceOf(Verdict.Good.class, check("ann", old));
    assertTrue(passwords.stands("ann", good.mark()));

    String fresh = passwords.give("ann", Role.ADMIN);
    assertFalse(passwords.stands("ann", good.mark()));
    assertInstanceOf(Verdict.Wrong.class, check("ann", old));
    assertInstanceOf(Verdict.Good.class, check("ann", fresh));

    passwords.take("ann");
    assertFalse(passwords.any());
    assertInstanceOf(Verdict.Wrong.class, check("ann", fresh));
  }

  @Test
  void anotherRoleInTheFileEndsWhoeverIsInWithTheOneBefore() throws Exception {
    String password = passwords.give("ann", Role.ADMIN);
    var good = assertInstanceOf(Verdict.Good.class, check("ann", password));

    Files.writeString(file, Files.readString(file).replace("ann admin", "ann viewer"));

    assertFalse(passwords.stands("ann", good.mark()));
    assertEquals(Role.VIEWER, assertInstanceOf(Verdict.Good.class, check("ann", password)).role());
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw--w----", "rw-r--r--", "rwx------"})
  void aFileThatIsNotTheOwnersAloneLetsNobodyIn(String rights) throws Exception {
    String password = passwords.give("ann", Role.ADMIN);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(rights));

    assertInstanceOf(Verdict.Wrong.class, check("ann", password));
    assertFalse(passwords.any());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "eve admin",
        "eve boss pbkdf2-sha512 210000 AAAAAAAAAAAAAAAAAAAAAA== AAAA 2026-01-01T00:00:00Z",
        "eve admin plain 210000 AAAAAAAAAAAAAAAAAAAAAA== AAAA 2026-01-01T00:00:00Z",
        "eve admin pbkdf2-sha512 1 AAAAAAAAAAAAAAAAAAAAAA== AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 2026-01-01T00:00:00Z",
        "eve admin pbkdf2-sha512 999999999 AAAAAAAAAAAAAAAAAAAAAA== AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 2026-01-01T00:00:00Z",
        "eve admin pbkdf2-sha512 210000 AAAA AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 2026-01-01T00:00:00Z",
        "eve admin pbkdf2-sha512 210000 %%% AAAA 2026-01-01T00:00:00Z",
        "Eve admin pbkdf2-sha512 210000 AAAAAAAAAAAAAAAAAAAAAA== AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 2026-01-01T00:00:00Z",
      })
  void aLineOfAnotherMakingLetsNobodyInAndTheOthersStay(String line) throws Exception {
    String password = passwords.give("ann", Role.ADMIN);
    Files.writeString(file, line + "\n", StandardOpenOption.APPEND);

    assertEquals(1, passwords.all().size());
    assertInstanceOf(Verdict.Good.class, check("ann", password));
  }

  @Test
  void whoGuessesIsNotHeardForAWhileAndOthersAre() throws Exception {
    String password = passwords.give("ann", Role.ADMIN);
    for (int i = 1; i < Guesses.MOST; i++) {
      assertFalse(assertInstanceOf(Verdict.Wrong.class, check("ann", "guess")).blocked());
    }
    assertTrue(assertInstanceOf(Verdict.Wrong.class, check("ann", "guess")).blocked());

    assertInstanceOf(Verdict.NotHeard.class, check("ann", password));
    assertInstanceOf(
        Verdict.Good.class, passwords.check("ann", password.toCharArray(), "10.0.0.10"));
    nowNs.addAndGet(Guesses.FIRST_BLOCK.toNanos());
    assertTrue(assertInstanceOf(Verdict.Wrong.class, check("ann", "guess")).blocked());
    nowNs.addAndGet(Guesses.FIRST_BLOCK.toNanos());
    assertInstanceOf(Verdict.NotHeard.class, check("ann", password), "twice as long");
    nowNs.addAndGet(Guesses.FIRST_BLOCK.toNanos());
    assertInstanceOf(Verdict.Good.class, check("ann", password));
    assertFalse(assertInstanceOf(Verdict.Wrong.class, check("ann", "guess")).blocked());
  }

  @Test
  void aNetworkOfIpv6IsOneGuesser() {
    var guesses = new Guesses(nowNs::get);
    for (int i = 1; i < Guesses.MOST; i++) assertFalse(guesses.wrong("2001:db8:0:1::" + i));
    assertTrue(guesses.wrong("2001:db8:0:1:ffff:ffff:ffff:ffff"));

    assertTrue(guesses.isBlocked("2001:db8:0:1::77"));
    assertFalse(guesses.isBlocked("2001:db8:0:2::77"));
  }

  @Test
  void someGuessesLongAgoDoNoHarmAndManyAddressesTakeNoMemory() {
    var guesses = new Guesses(nowNs::get);
    for (int i = 1; i < Guesses.MOST; i++) assertFalse(guesses.wrong(HERE));
    nowNs.addAndGet(Guesses.FORGOTTEN_AFTER.toNanos() + TimeUnit.SECONDS.toNanos(1));
    assertFalse(guesses.wrong(HERE));
    for (int i = 0; i < 10_000; i++) guesses.wrong("address " + i);
    for (int i = 0; i < Guesses.MOST - 1; i++) assertFalse(guesses.wrong("address 1"), "forgotten");
  }
}
