package io.tenon.ssh.internal;

import io.tenon.shell.api.Role;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.digest.BuiltinDigests;
import org.jspecify.annotations.Nullable;

/**
 * Lines of {@code user=NAME,role=ROLE KEYTYPE KEY COMMENT}: OpenSSH's format, with options of ours. A line that is not understood as a
 * whole lets nobody in, and says why.
 *
 * @param byFingerprint who shows which key
 * @param complaints what a person should correct, in sentences
 */
record AuthorizedKeys(Map<String, List<Login>> byFingerprint, List<String> complaints) {
  private static final Pattern USER = Pattern.compile("[a-z_][a-z0-9_.-]{0,31}");
  private static final Set<String> TYPES =
      Set.of(
          "ssh-ed25519",
          "ecdsa-sha2-nistp256",
          "ecdsa-sha2-nistp384",
          "ecdsa-sha2-nistp521",
          "ssh-rsa");
  private static final int MIN_RSA_BITS = 2048;

  AuthorizedKeys() {
    this(new HashMap<>(), new ArrayList<>());
  }

  boolean isEmpty() {
    return byFingerprint.isEmpty();
  }

  Optional<Login> find(String user, PublicKey key) {
    return byFingerprint.getOrDefault(fingerprint(key), List.of()).stream()
        .filter(login -> login.user().equals(user))
        .findFirst();
  }

  boolean contains(Login login) {
    return byFingerprint.getOrDefault(login.fingerprint(), List.of()).contains(login);
  }

  /**
   * @param from the file, for complaints
   */
  void add(String from, List<String> lines) {
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) continue;
      String why = add(line);
      if (why != null) {
        complaints.add("%s, line %d, lets nobody in: %s".formatted(from, i + 1, why));
      }
    }
  }

  /** Null when the line was understood; otherwise why not. */
  private @Nullable String add(String line) {
    String[] words = line.split("\\s+", 4);
    if (words.length < 3) return "it is not of the form user=NAME,role=ROLE KEYTYPE KEY.";
    String user = "";
    String roleWord = "";
    for (String option : words[0].split(",", -1)) {
      int equals = option.indexOf('=');
      String value = unquoted(option.substring(equals + 1));
      switch (equals < 0 ? option : option.substring(0, equals)) {
        case "user" -> {
          if (!user.isEmpty()) return "it names two users.";
          user = value;
        }
        case "role" -> {
          if (!roleWord.isEmpty()) return "it names two roles.";
          roleWord = value;
        }
        default -> {
          return "there is no option " + option + "; there are user=NAME and role=ROLE.";
        }
      }
    }
    if (!USER.matcher(user).matches()) {
      return "a user has 1 to 32 lower-case letters, digits, dots, dashes or underscores.";
    }
    var role = Role.of(roleWord);
    if (role.isEmpty()) return "a role is viewer, operator or admin.";
    if (!TYPES.contains(words[1])) return "keys of type " + words[1] + " are not taken.";
    return add(user, role.get(), words[1] + " " + words[2]);
  }

  private @Nullable String add(String user, Role role, String text) {
    PublicKey key;
    try {
      key = PublicKeyEntry.parsePublicKeyEntry(text).resolvePublicKey(null, null, null);
    } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
      return "its key is damaged.";
    }
    if (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() < MIN_RSA_BITS) {
      return "an RSA key needs " + MIN_RSA_BITS + " bits or more.";
    }
    var other = roleOf(user);
    if (other.isPresent() && other.get() != role) {
      return "%s has role %s by another line.".formatted(user, other.get().word());
    }
    String fingerprint = fingerprint(key);
    var login = Login.byKey(user, role, fingerprint);
    var logins = byFingerprint.computeIfAbsent(fingerprint, _ -> new ArrayList<>());
    if (!logins.contains(login)) logins.add(login);
    return null;
  }

  private Optional<Role> roleOf(String user) {
    return byFingerprint.values().stream()
        .flatMap(List::stream)
        .filter(login -> login.user().equals(user))
        .map(Login::role)
        .findFirst();
  }

  private static String unquoted(String value) {
    boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
    return quoted ? value.substring(1, value.length() - 1) : value;
  }

  static String fingerprint(PublicKey key) {
    return KeyUtils.getFingerPrint(BuiltinDigests.sha256, key);
  }
}
