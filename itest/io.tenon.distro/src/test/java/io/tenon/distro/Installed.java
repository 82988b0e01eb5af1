package io.tenon.distro;

import java.util.Arrays;
import java.util.List;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** Bundles of the framework that runs a test. */
final class Installed {
  private Installed() {}

  static List<Bundle> all(BundleContext context, String symbolicName) {
    return Arrays.stream(context.getBundles())
        .filter(bundle -> symbolicName.equals(bundle.getSymbolicName()))
        .toList();
  }

  static Bundle one(BundleContext context, String symbolicName) {
    return all(context, symbolicName).getFirst();
  }
}
