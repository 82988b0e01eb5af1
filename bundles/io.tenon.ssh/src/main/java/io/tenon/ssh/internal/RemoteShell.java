package io.tenon.ssh.internal;

import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Shell;
import io.tenon.shell.api.ShellSession;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.apache.sshd.server.Environment;
import org.apache.sshd.server.ExitCallback;
import org.apache.sshd.server.Signal;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.Command;
import org.jline.terminal.Terminal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What runs in a channel: a prompt, or one line. It has a thread of its own, which ends soon after the channel. */
final class RemoteShell implements Command {
  private static final Logger log = LoggerFactory.getLogger(RemoteShell.class);
  private static final int FAILED = 1;

  /** Between two line ends: twice of what the prompt takes, as keys that take back count as well. */
  private static final int MOST_KEYS = 16384;

  private static final int INTERRUPT_KEY = 3;

  private final Shell shell;
  private final Entrance entrance;
  private final Histories histories;
  private final @Nullable String line;
  private @Nullable InputStream in;
  private @Nullable OutputStream out;
  private @Nullable OutputStream err;
  private @Nullable ExitCallback callback;

  private final Object state = new Object();
  private @Nullable Thread thread;
  private @Nullable AutoCloseable running;
  private boolean destroyed;

  /**
   * @param line to run; null for a prompt
   */
  RemoteShell(Shell shell, Entrance entrance, Histories histories, @Nullable String line) {
    this.shell = shell;
    this.entrance = entrance;
    this.histories = histories;
    this.line = line;
  }

  @Override
  public void setInputStream(InputStream in) {
    this.in = in;
  }

  @Override
  public void setOutputStream(OutputStream out) {
    this.out = out;
  }

  @Override
  public void setErrorStream(OutputStream err) {
    this.err = err;
  }

  @Override
  public void setExitCallback(ExitCallback callback) {
    this.callback = callback;
  }

  @Override
  public void start(ChannelSession channel, Environment environment) throws IOException {
    var caller =
        entrance
            .caller(channel.getSession())
            .orElseThrow(() -> new IOException("nobody has logged in"));
    synchronized (state) {
      thread =
          Thread.ofVirtual().name("ssh-" + caller.user()).start(() -> run(caller, environment));
    }
  }

  private void run(Caller caller, Environment environment) {
    int status = FAILED;
    try {
      boolean onTerminal = environment.getEnv().containsKey(Environment.ENV_TERM);
      String command = line;
      if (command != null) status = execute(caller, command, onTerminal, environment);
      else if (onTerminal) status = prompt(caller, environment);
      else status = lines(caller);
    } catch (IOException e) {
      log.debug("{} has gone: {}", caller.user(), e.getMessage());
    } catch (RuntimeException e) {
      log.error("A shell of {} ended by a bug", caller.user(), e);
    } finally {
      ended(status);
    }
  }

  private void ended(int status) {
    synchronized (state) {
      running = null;
      if (destroyed) return;
    }
    Objects.requireNonNull(callback).onExit(status);
  }

  private int execute(Caller caller, String command, boolean onTerminal, Environment environment)
      throws IOException {
    var output = onTerminal ? new TerminalOutput(out()) : out();
    var errors = onTerminal ? output : err();
    try (var session = shell.open(caller, output, errors)) {
      if (!holds(session)) return FAILED;
      environment.addSignalListener((_, _) -> session.interrupt(), Signal.INT, Signal.TERM);
      if (onTerminal) Thread.ofVirtual().name("ssh-keys").start(() -> watchKeys(session));
      return session.execute(command);
    } finally {
      output.flush();
      errors.flush();
    }
  }

  /** Until the channel ends; a command reads nothing else. */
  private void watchKeys(ShellSession session) {
    try {
      for (int key = in().read(); key >= 0; key = in().read()) {
        if (key == INTERRUPT_KEY) session.interrupt();
      }
    } catch (IOException e) {
      log.debug("no more keys: {}", e.getMessage());
    }
  }

  private int prompt(Caller caller, Environment environment) throws IOException {
    try (var terminal = Screen.open(new BoundedLines(in(), MOST_KEYS), out(), environment)) {
      if (!holds(terminal)) return FAILED;
      return shell.prompt(caller, terminal, histories.of(caller.user()));
    }
  }

  /** Of a script: no prompt, no echo. */
  private int lines(Caller caller) throws IOException {
    var reader =
        new BufferedReader(
            new InputStreamReader(new BoundedLines(in(), MOST_KEYS), StandardCharsets.UTF_8));
    try (var session = shell.open(caller, out(), err())) {
      if (!holds(session)) return FAILED;
      int status = ShellSession.DONE;
      for (String said = reader.readLine(); said != null; said = reader.readLine()) {
        status = session.execute(said);
      }
      return status;
    }
  }

  /** Whether it may go on: what is held is closed when the channel ends. */
  private boolean holds(AutoCloseable session) {
    synchronized (state) {
      if (destroyed) return false;
      running = session;
      return true;
    }
  }

  private InputStream in() {
    return Objects.requireNonNull(in);
  }

  private OutputStream out() {
    return Objects.requireNonNull(out);
  }

  private OutputStream err() {
    return Objects.requireNonNull(err);
  }

  /** The channel has ended, by the command or under it. */
  @Override
  public void destroy(ChannelSession channel) throws Exception {
    AutoCloseable held;
    Thread runs;
    synchronized (state) {
      destroyed = true;
      held = running;
      runs = thread;
    }
    if (held == null) return;
    held.close();
    // A terminal that has closed lets no other line begin; the one that runs is stopped by this.
    if (held instanceof Terminal && runs != null) runs.interrupt();
  }
}
