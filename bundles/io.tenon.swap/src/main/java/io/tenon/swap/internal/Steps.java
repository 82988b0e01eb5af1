package io.tenon.swap.internal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.osgi.framework.Bundle;
import org.osgi.framework.wiring.FrameworkWiring;

/**
 * Puts other content into a bundle. What the bundle's own code is asked to do runs on a thread of its own: it may hang, and is
 * interrupted then.
 */
final class Steps {
  /** For a bundle that was interrupted to give up. */
  private static final long GIVE_UP_MS = 2_000;

  private final Bundle bundle;
  private final FrameworkWiring wiring;

  Steps(Bundle bundle, FrameworkWiring wiring) {
    this.bundle = bundle;
    this.wiring = wiring;
  }

  /** The content could not be put in, or does not start; a sentence. */
  static final class Failed extends Exception {
    private static final long serialVersionUID = 1;

    /** The bundle holds its own lock for ever: nothing can be done with it in this process. */
    final boolean stuck;

    final String why;

    Failed(String why, boolean stuck) {
      super(why);
      this.why = why;
      this.stuck = stuck;
    }
  }

  interface Step {
    void run() throws Exception;
  }

  /** Stop, update, refresh, start. */
  void exchange(Path content, long endNs) throws Failed, InterruptedException {
    bounded("Its stop", endNs, () -> bundle.stop(Bundle.STOP_TRANSIENT));
    bounded(
        "Its update",
        endNs,
        () -> {
          try (var jar = Files.newInputStream(content)) {
            bundle.update(jar);
          }
        });
    refresh(endNs);
    bounded("Its start", endNs, () -> bundle.start(Bundle.START_TRANSIENT));
  }

  /** Of a bundle that came beside. */
  static void start(Bundle bundle, long endNs) throws Failed, InterruptedException {
    bounded("Its start", endNs, () -> bundle.start(Bundle.START_TRANSIENT));
  }

  /** Stop and uninstall. */
  static void remove(Bundle bundle, long endNs) throws Failed, InterruptedException {
    bounded("Its stop", endNs, bundle::uninstall);
  }

  /** Nobody uses its packages, so mostly the framework has let go of the old classes by itself. */
  private void refresh(long endNs) throws Failed, InterruptedException {
    if (!wiring.getRemovalPendingBundles().contains(bundle)) return;
    var done = new CompletableFuture<Void>();
    wiring.refreshBundles(List.of(bundle), _ -> done.complete(null));
    try {
      done.get(Math.max(0, endNs - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new Failed("The framework did not let go of its old classes in time.", false);
    } catch (ExecutionException e) {
      throw new Failed("The framework failed to let go of its old classes: " + e + ".", false);
    }
  }

  /**
   * What may run code of a strange bundle. By a thread of the system's: those who load classes of the bundle meanwhile keep the carriers of virtual
   * threads, and may wait for what this one holds of its jar.
   */
  static void bounded(String what, long endNs, Step step) throws Failed, InterruptedException {
    var done = new CompletableFuture<Void>();
    var runner =
        Thread.ofPlatform()
            .daemon()
            .name("swap-step")
            .start(
                () -> {
                  try {
                    step.run();
                    done.complete(null);
                  } catch (Exception | Error e) {
                    // Whatever a strange bundle throws is its failure, not ours.
                    done.completeExceptionally(e);
                  }
                });
    try {
      done.get(Math.max(0, endNs - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw new Failed(what + " failed: " + sentence(e), false);
    } catch (TimeoutException e) {
      runner.interrupt();
      boolean gaveUp = runner.join(Duration.ofMillis(GIVE_UP_MS));
      throw new Failed(
          what
              + " was not done within the deadline"
              + (gaveUp ? "." : ", and it cannot be interrupted."),
          !gaveUp);
    }
  }

  private static String sentence(ExecutionException failed) {
    var causes = new ArrayList<String>();
    for (Throwable cause = failed.getCause(); cause != null; cause = cause.getCause()) {
      causes.add(causes.isEmpty() ? String.valueOf(cause.getMessage()) : cause.toString());
    }
    String text = String.join("; ", causes);
    return text.endsWith(".") ? text : text + ".";
  }
}
