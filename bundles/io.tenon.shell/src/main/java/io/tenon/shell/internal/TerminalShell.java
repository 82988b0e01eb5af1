package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.shell.client.Interactive;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Terminal;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.condition.Condition;
import org.osgi.util.tracker.ServiceTracker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shell on the node's own terminal: the same program as {@code tenon-shell}, attached to this node, so that there is
 * one shell to learn. Leaving it stops the node.
 */
@Component(
    service = {},
    configurationPid = "io.tenon.node",
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class TerminalShell {
  private static final Logger log = LoggerFactory.getLogger(TerminalShell.class);

  /** Who starts a node that does not get ready wants a prompt, to see why. */
  private static final long READY_WITHIN_S = 10;

  private final BundleContext context;
  private final Path data;
  private final Thread thread;
  private volatile boolean closing;

  @Activate
  public TerminalShell(BundleContext context, @Reference AttachServer server, AttachConfig config) {
    this.context = context;
    this.data = Path.of(config.data_dir());
    this.thread = Thread.ofPlatform().daemon().name("shell-terminal").unstarted(this::run);
    // JLine looks for its ways to a terminal by the thread's class loader.
    thread.setContextClassLoader(Terminal.class.getClassLoader());
    if (config.terminal()) thread.start();
  }

  private void run() {
    try {
      awaitReady();
      Interactive.attach(data);
      if (!closing) context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).stop();
    } catch (IOException | TenonException e) {
      if (!closing) log.error("the shell on this terminal has ended: {}", e.getMessage());
    } catch (BundleException e) {
      log.error("the node cannot be stopped from its shell", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Or for some seconds. */
  private void awaitReady() throws InterruptedException {
    try {
      var filter = FrameworkUtil.createFilter("(" + Condition.CONDITION_ID + "=tenon.ready)");
      var ready = new ServiceTracker<Condition, Condition>(context, filter, null);
      ready.open();
      try {
        ready.waitForService(TimeUnit.SECONDS.toMillis(READY_WITHIN_S));
      } finally {
        ready.close();
      }
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException(e); // it is a constant
    }
  }

  @Deactivate
  void close() {
    closing = true;
    thread.interrupt();
  }
}
