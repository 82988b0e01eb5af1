package io.tenon.shell.internal;

import io.tenon.shell.api.Role;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * What is kept of somebody's password: PBKDF2 (RFC 8018) with HMAC-SHA-512 of the JDK, and a salt of its own. A line of {@link PasswordFile}:
 * {@code ann admin pbkdf2-sha512 210000 SALT HASH 2026-01-01T00:00:00Z}.
 */
final class PasswordHash {
  /** As OWASP asks of PBKDF2-HMAC-SHA512; some tenths of a second. */
  static final int ROUNDS = 210_000;

  private static final int FEWEST_ROUNDS = 10_000;
  private static final int MOST_ROUNDS = 10_000_000;
  private static final String SCHEME = "pbkdf2-sha512";
  private static final int SALT_BYTES = 16;
  private static final int HASH_BYTES = 32;
  private static final int FIELDS = 7;
  private static final Pattern USER = Pattern.compile("[a-z_][a-z0-9_.-]{0,31}");

  private final String user;
  private final Role role;
  private final int rounds;
  private final byte[] salt;
  private final byte[] hash;
  private final Instant since;

  private PasswordHash(
      String user, Role role, int rounds, byte[] salt, byte[] hash, Instant since) {
    this.user = user;
    this.role = role;
    this.rounds = rounds;
    this.salt = salt;
    this.hash = hash;
    this.since = since;
  }

  static boolean isUser(String name) {
    return USER.matcher(name).matches();
  }

  static PasswordHash of(
      String user, Role role, char[] password, SecureRandom random, Instant now) {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    return new PasswordHash(user, role, ROUNDS, salt, hash(password, salt, ROUNDS), now);
  }

  /** That no password matches; it takes as long as others. */
  static PasswordHash ofNobody(SecureRandom random) {
    byte[] salt = new byte[SALT_BYTES];
    byte[] hash = new byte[HASH_BYTES];
    random.nextBytes(salt);
    random.nextBytes(hash);
    return new PasswordHash("", Role.VIEWER, ROUNDS, salt, hash, Instant.EPOCH);
  }

  /** Empty when the line is none of these. */
  static Optional<PasswordHash> parse(String line) {
    String[] fields = line.strip().split("\\s+", -1);
    if (fields.length != FIELDS || !isUser(fields[0]) || !fields[2].equals(SCHEME)) {
      return Optional.empty();
    }
    var role = Role.of(fields[1]);
    if (role.isEmpty()) return Optional.empty();
    try {
      int rounds = Integer.parseInt(fields[3]);
      byte[] salt = Base64.getDecoder().decode(fields[4]);
      byte[] hash = Base64.getDecoder().decode(fields[5]);
      if (rounds < FEWEST_ROUNDS || rounds > MOST_ROUNDS) return Optional.empty();
      if (salt.length < SALT_BYTES || hash.length != HASH_BYTES) return Optional.empty();
      return Optional.of(
          new PasswordHash(fields[0], role.get(), rounds, salt, hash, Instant.parse(fields[6])));
    } catch (IllegalArgumentException | DateTimeParseException e) {
      return Optional.empty(); // the file says so, with the line's number
    }
  }

  private static byte[] hash(char[] password, byte[] salt, int rounds) {
    var spec = new PBEKeySpec(password, salt, rounds, HASH_BYTES * Byte.SIZE);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512").generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has PBKDF2 with HMAC-SHA-512", e);
    } finally {
      spec.clearPassword();
    }
  }

  boolean matches(char[] password) {
    return MessageDigest.isEqual(hash, hash(password, salt, rounds));
  }

  String line() {
    var base64 = Base64.getEncoder();
    return String.join(
        " ",
        user,
        role.word(),
        SCHEME,
        Integer.toString(rounds),
        base64.encodeToString(salt),
        base64.encodeToString(hash),
        since.toString());
  }

  String user() {
    return user;
  }

  Role role() {
    return role;
  }

  Instant since() {
    return since;
  }

  /** Another one for each password; tells nothing of it. */
  String mark() {
    return Integer.toHexString(Arrays.hashCode(salt)) + role.word();
  }

  /** Without what is kept. */
  @Override
  public String toString() {
    return user + " " + role.word();
  }
}
