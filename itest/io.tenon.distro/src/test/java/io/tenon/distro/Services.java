package io.tenon.distro;

import static org.junit.Assert.assertTrue;

import java.util.concurrent.TimeUnit;
import org.osgi.framework.BundleContext;
import org.osgi.util.tracker.ServiceTracker;

/** Services that come and go with their bundles. */
final class Services {
  private Services() {}

  /** As it is now, or will be in a moment. */
  static <S> S now(BundleContext context, Class<S> type) throws InterruptedException {
    var tracker = new ServiceTracker<S, S>(context, type, null);
    tracker.open();
    try {
      S found = tracker.waitForService(TimeUnit.SECONDS.toMillis(Eventually.PATIENCE_SECONDS));
      assertTrue("no " + type.getName(), found != null);
      return found;
    } finally {
      tracker.close();
    }
  }
}
