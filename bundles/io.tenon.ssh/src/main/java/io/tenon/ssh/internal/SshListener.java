package io.tenon.ssh.internal;

import io.tenon.error.TenonException;
import io.tenon.shell.api.Accounts;
import io.tenon.shell.api.Audit;
import io.tenon.shell.api.Shell;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.sshd.server.SshServer;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for as long as there is a key that lets somebody in, or a password where these are on, and follows the files that list them
 * while the node runs: who is taken out of them is out.
 */
@Component(
    service = {},
    configurationPid = "io.tenon.ssh",
    immediate = true)
@Designate(ocd = SshConfig.class)
public final class SshListener {
  private static final Logger log = LoggerFactory.getLogger(SshListener.class);
  private static final String FILE = "authorized_keys";
  private static final long LOOK_EVERY_MS = 500;
  private static final Duration STOPPED_WITHIN = Duration.ofSeconds(10);

  private final SshConfig config;
  private final Shell shell;
  private final Accounts accounts;
  private final Path folder;
  private final KeyFiles files;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread watcher;
  private final Entrance entrance;
  private volatile AuthorizedKeys keys = new AuthorizedKeys();

  // The watcher's.
  private List<String> stamp = List.of();
  private @Nullable SshServer server;
  private String failure = "";

  @Activate
  public SshListener(
      BundleContext context,
      @Reference Shell shell,
      @Reference Accounts accounts,
      @Reference Audit audit,
      SshConfig config) {
    Ed25519.register();
    this.config = config;
    this.shell = shell;
    this.accounts = accounts;
    this.folder = Path.of(property(context, "tenon.data", "data")).resolve("ssh");
    this.files =
        new KeyFiles(
            List.of(
                Path.of(property(context, "tenon.etc", "etc")).resolve(FILE),
                folder.resolve(FILE)));
    this.entrance =
        new Entrance(
            () -> keys, accounts, new Doorkeeper(config.sessions(), System::nanoTime), audit);
    this.watcher = Thread.ofPlatform().daemon().name("ssh-keys").start(this::watch);
  }

  private static String property(BundleContext context, String name, String otherwise) {
    String value = context.getProperty(name);
    return value == null ? otherwise : value;
  }

  private void watch() {
    try {
      do look();
      while (!closed.await(LOOK_EVERY_MS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      stop();
    }
  }

  private void look() {
    try {
      var now = files.stamp();
      if (!now.equals(stamp)) {
        stamp = now;
        read();
      }
      entrance.dismiss();
      boolean wanted = !keys.isEmpty() || (config.passwords() && accounts.any());
      if (!wanted) stop();
      else if (server == null) start();
    } catch (RuntimeException e) {
      log.error("SSH failed by a bug", e); // or else nobody would look again
    }
  }

  private void read() {
    var read = files.read();
    for (String complaint : read.complaints()) log.warn("{}", complaint);
    keys = read;
    long people = read.byFingerprint().values().stream().mapToLong(List::size).sum();
    if (people > 0) log.info("SSH: {} keys let somebody in", people);
  }

  private void start() {
    try {
      var host = HostKey.in(folder);
      var made =
          Server.make(config, host, entrance, shell, new Histories(folder.resolve("history")));
      made.start();
      server = made;
      failure = "";
      log.info(
          "SSH listens on {}:{}, host key {}",
          config.address(),
          made.getPort(),
          AuthorizedKeys.fingerprint(host.getPublic()));
    } catch (IOException | TenonException e) {
      String why = String.valueOf(e.getMessage());
      if (why.equals(failure)) return; // said once, tried again and again
      failure = why;
      log.warn(
          "SSH does not listen on {}:{} ({}). Give it another address or port in etc/io.tenon.ssh.cfg; it is tried again.",
          config.address(),
          config.port(),
          why);
    }
  }

  private void stop() {
    var open = server;
    server = null;
    if (open == null) return;
    try {
      open.stop(true);
      log.info("SSH does not listen any more");
    } catch (IOException e) {
      log.warn("SSH did not stop in order: {}", e.getMessage());
    }
  }

  @Deactivate
  void close() throws InterruptedException {
    closed.countDown();
    if (!watcher.join(STOPPED_WITHIN)) log.warn("SSH did not stop within {}", STOPPED_WITHIN);
  }
}
