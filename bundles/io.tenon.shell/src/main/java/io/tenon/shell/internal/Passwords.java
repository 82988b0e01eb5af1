package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.shell.api.Accounts;
import io.tenon.shell.api.Role;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;

/** Passwords of {@code <data>/passwords}. Each is made here, by chance, and told once. */
@Component(
    service = {Accounts.class, Passwords.class},
    configurationPid = "io.tenon.node",
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class Passwords implements Accounts {
  /** Hashing at once: it takes a core each, and cores are for I/O. */
  private static final int MOST_AT_ONCE = 1;

  private static final long TURN_WITHIN_S = 10;

  /** No letter or digit that looks like another one: 32, so five bits each. */
  private static final String ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

  private static final int GROUPS = 5;
  private static final int GROUP = 5;

  private final PasswordFile file;
  private final SecureRandom random = new SecureRandom();
  private final Guesses guesses;
  private final Semaphore turns = new Semaphore(MOST_AT_ONCE, true);

  /** For users that are not there, so that they take as long. */
  private final PasswordHash nobodys;

  @Activate
  public Passwords(AttachConfig config) {
    this(Path.of(config.data_dir()).resolve("passwords"), System::nanoTime);
  }

  Passwords(Path path, LongSupplier nanoClock) {
    this.file = new PasswordFile(path);
    this.guesses = new Guesses(nanoClock);
    this.nobodys = PasswordHash.ofNobody(random);
  }

  @Override
  public boolean any() {
    return !file.read().isEmpty();
  }

  @Override
  public boolean stands(String user, String mark) {
    var known = file.read().get(user);
    return known != null && known.mark().equals(mark);
  }

  @Override
  public Verdict check(String user, char[] password, String address) {
    if (guesses.isBlocked(address)) {
      return new Verdict.NotHeard("Too many wrong passwords came from this address.");
    }
    try {
      if (!turns.tryAcquire(TURN_WITHIN_S, TimeUnit.SECONDS)) {
        return new Verdict.NotHeard("Too many log in at the same time.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Verdict.NotHeard("The node did not come to look at it.");
    }
    try {
      var known = file.read().get(user);
      boolean right = (known == null ? nobodys : known).matches(password);
      if (known == null || !right) return new Verdict.Wrong(guesses.wrong(address));
      guesses.good(address);
      return new Verdict.Good(known.role(), known.mark());
    } finally {
      turns.release();
    }
  }

  /** In the order of their names. */
  List<PasswordHash> all() {
    return List.copyOf(file.read().values());
  }

  Optional<PasswordHash> find(String user) {
    return Optional.ofNullable(file.read().get(user));
  }

  /**
   * A new password for a user, in place of the one before.
   *
   * @return the password, which nobody can be told again
   */
  synchronized String give(String user, Role role) throws TenonException {
    String password = madeUp();
    var all = new TreeMap<>(file.read());
    all.put(user, PasswordHash.of(user, role, password.toCharArray(), random, Instant.now()));
    file.write(all.values());
    return password;
  }

  synchronized void take(String user) throws TenonException {
    var all = new TreeMap<>(file.read());
    if (all.remove(user) != null) file.write(all.values());
  }

  /** 125 bits. */
  private String madeUp() {
    var text = new StringBuilder();
    for (int i = 0; i < GROUPS * GROUP; i++) {
      if (i > 0 && i % GROUP == 0) text.append('-');
      text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return text.toString();
  }
}
