package io.tenon.distro;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.framework.wiring.BundleWiring;

/** Class loaders of bundles that were there for a trial only: nothing may keep them when it is over. */
final class TrialLoaders implements SynchronousBundleListener {
  private final List<WeakReference<ClassLoader>> all = new CopyOnWriteArrayList<>();

  /** From now on. */
  TrialLoaders(BundleContext context) {
    context.addBundleListener(this);
  }

  @Override
  public void bundleChanged(BundleEvent event) {
    var bundle = event.getBundle();
    if (event.getType() != BundleEvent.STARTING) return;
    if (!Objects.toString(bundle.getSymbolicName(), "").endsWith(".canary")) return;
    all.add(new WeakReference<>(bundle.adapt(BundleWiring.class).getClassLoader()));
  }

  /** Those that were there; waits until none of them is kept any more. */
  int awaitCollected() throws Exception {
    Eventually.until(
        () -> {
          System.gc();
          return all.stream().allMatch(one -> one.refersTo(null));
        },
        () -> "classes of a bundle that was only tried are kept");
    return all.size();
  }
}
