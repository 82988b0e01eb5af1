package io.tenon.launcher;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;

/** The framework with a distribution's bundles in it. */
final class NodeFramework {
  private final Framework framework;

  private NodeFramework(Framework framework) {
    this.framework = framework;
  }

  /** Made but not started, so that it can be told to stop at any moment from now on. */
  static NodeFramework create(Map<String, String> properties) {
    FrameworkFactory factory = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow();
    return new NodeFramework(factory.newFramework(properties));
  }

  /**
   * Installs everything, then starts everything: what a bundle needs is there whatever its name.
   *
   * @throws RefusedException when a bundle does not start; the distribution is broken then
   */
  void start(Home home, KeptBundles kept, boolean deploys)
      throws BundleException, IOException, RefusedException {
    framework.init();
    List<Bundle> bundles = new ArrayList<>();
    BundleContext context = framework.getBundleContext();
    for (Path file : home.bundleFiles()) {
      Bundle bundle = kept.install(context, file);
      String name = bundle.getSymbolicName();
      bundle.adapt(BundleStartLevel.class).setStartLevel(StartLevels.of(name));
      if (isFragment(bundle)) continue;
      // Without a folder to watch it would make and watch ./load.
      if (name.equals(StartLevels.FILE_INSTALL) && !deploys) continue;
      // Nothing of it is loaded by those who do not ask for it.
      if (StartLevels.isConsoles(name) && !home.asksForConsole()) continue;
      bundles.add(bundle);
    }
    for (Bundle bundle : bundles) bundle.start();
    framework.start();
    mustRun(bundles, kept);
  }

  private static boolean isFragment(Bundle bundle) {
    return bundle.getHeaders("").get(Constants.FRAGMENT_HOST) != null;
  }

  private void mustRun(List<Bundle> bundles, KeptBundles kept)
      throws IOException, RefusedException {
    for (Bundle bundle : bundles) {
      if (bundle.getState() == Bundle.ACTIVE || framework.getState() != Bundle.ACTIVE) continue;
      try {
        kept.start(bundle);
      } catch (BundleException e) {
        throw new RefusedException(
            "The node was not started: bundle " + bundle.getSymbolicName() + " does not start.",
            String.valueOf(e.getMessage()),
            "Put back what the distribution had in bundles/, or resolve your own distribution again.",
            e);
      }
    }
  }

  void waitForStop() throws InterruptedException {
    framework.waitForStop(0);
  }

  /**
   * @return whether it stopped in time
   */
  boolean stop(long deadlineMs) throws BundleException, InterruptedException {
    framework.stop();
    return framework.waitForStop(deadlineMs).getType() != FrameworkEvent.WAIT_TIMEDOUT;
  }
}
