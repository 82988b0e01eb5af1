package io.tenon.distro;

import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Of a bad bundle. */
public final class ThrowingActivator implements BundleActivator {
  @Override
  public void start(BundleContext context) {
    throw new IllegalStateException("this one throws at its start");
  }

  @Override
  public void stop(BundleContext context) {
    // It never got started.
  }
}
