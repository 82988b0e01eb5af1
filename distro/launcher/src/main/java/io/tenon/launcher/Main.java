package io.tenon.launcher;

import io.tenon.error.TenonException;
import java.io.IOException;
import org.osgi.framework.BundleException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** {@code bin/tenon-node}. */
public final class Main {
  static final int STOPPED = 0;
  static final int FAILED = 1;
  static final int REFUSED = 2;

  private static final long STOP_DEADLINE_MS = 20_000;

  /** Read by the JVM with the first virtual thread. */
  private static final String CARRIERS = "jdk.virtualThreadScheduler.parallelism";

  /**
   * A virtual thread that loads a class keeps its carrier while it waits for the jar's lock. When all carriers are kept so, and who has the lock is a
   * virtual thread without one, nothing goes on; on a machine of two cores that takes two of them.
   */
  private static final int FEWEST_CARRIERS = 4;

  /** What the process ends with; a signal ends it in order, so that is no failure. */
  private volatile int status = STOPPED;

  private Main() {}

  public static void main(String[] args) {
    if (System.getProperty(CARRIERS) == null) {
      int cores = Runtime.getRuntime().availableProcessors();
      System.setProperty(CARRIERS, String.valueOf(Math.max(FEWEST_CARRIERS, cores)));
    }
    System.exit(new Main().run(args));
  }

  private int run(String[] args) {
    var options = new NodeCommand();
    var command = new CommandLine(options);
    try {
      command.parseArgs(args);
    } catch (ParameterException e) {
      return complain(REFUSED, e.getMessage() + "\nSee tenon-node --help.");
    }
    if (CommandLine.printHelpIfRequested(command.getParseResult())) return STOPPED;
    try {
      return serve(options);
    } catch (RefusedException e) {
      return complain(REFUSED, sentences(e));
    } catch (BundleException | IOException e) {
      return complain(FAILED, "The node failed to start: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return complain(FAILED, "The node was interrupted.");
    }
  }

  private int serve(NodeCommand options)
      throws RefusedException, BundleException, IOException, InterruptedException {
    Home home = Home.find();
    var sources = OptionSources.of(options.given(), System.getenv(), home.optionsFile());
    Settings settings = Settings.read(sources);
    try (DataFolder data = DataFolder.open(settings.data())) {
      if (settings.deploy().isPresent()) data.make(settings.deploy().get());
      var framework = NodeFramework.create(FrameworkProperties.of(settings, data.path(), home));
      var stopper = new Thread(() -> stop(framework), "tenon-stop");
      Runtime.getRuntime().addShutdownHook(stopper);
      try {
        framework.start(home, KeptBundles.of(data.path()), settings.deploy().isPresent());
      } catch (RefusedException | BundleException | IOException e) {
        status = FAILED;
        throw e;
      }
      framework.waitForStop();
      return status;
    }
  }

  /** In the JVM's shutdown. Ends the process itself, because a signal's own status would say that we failed. */
  private void stop(NodeFramework framework) {
    try {
      if (!framework.stop(STOP_DEADLINE_MS)) {
        status =
            complain(FAILED, "The node did not stop within " + STOP_DEADLINE_MS / 1000 + " s.");
      }
    } catch (BundleException e) {
      status = complain(FAILED, "The node did not stop in order: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      status = FAILED;
    }
    Runtime.getRuntime().halt(status);
  }

  private static String sentences(TenonException e) {
    var text = new StringBuilder(e.what());
    if (!e.why().isEmpty()) text.append("\n  Why: ").append(e.why());
    if (!e.remedy().isEmpty()) text.append("\n  Do:  ").append(e.remedy());
    return text.toString();
  }

  private static int complain(int status, String message) {
    System.err.println("tenon-node: " + message);
    return status;
  }
}
