package io.tenon.devices.itest;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.StringJoiner;
import java.util.jar.JarFile;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.util.tracker.ServiceTracker;

/** A framework with Declarative Services and nothing else; the API's packages are the test's own. */
final class SmallFramework implements AutoCloseable {
  private static final long PATIENCE_MS = 30_000;
  private static final List<String> SHARED =
      List.of(
          "io.tenon.error",
          "io.tenon.linux",
          "io.tenon.reactor",
          "io.tenon.block",
          "jspecify",
          "slf4j-api");

  private final Framework framework;

  SmallFramework(Path storage) throws BundleException, IOException {
    var factory = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow();
    framework =
        factory.newFramework(
            Map.of(
                Constants.FRAMEWORK_STORAGE,
                storage.toString(),
                Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
                exportsOf(SHARED)));
    framework.start();
    for (String name :
        new String[] {
          "org.osgi.util.function", "org.osgi.util.promise", "org.osgi.service.component"
        }) {
      install(name);
    }
    install("org.apache.felix.scr").start();
  }

  /** What the jars say themselves, so that no version is written down twice. */
  private static String exportsOf(List<String> artifacts) throws IOException {
    var exports = new StringJoiner(",");
    for (String artifact : artifacts) {
      try (var jar = new JarFile(jar(artifact).toFile())) {
        exports.add(jar.getManifest().getMainAttributes().getValue(Constants.EXPORT_PACKAGE));
      }
    }
    return exports.toString();
  }

  BundleContext context() {
    return framework.getBundleContext();
  }

  /** From the class path, by the jar's name without its version. */
  Bundle install(String artifact) throws BundleException, IOException {
    var jar = jar(artifact);
    try (InputStream content = Files.newInputStream(jar)) {
      return context().installBundle(jar.toUri().toString(), content);
    }
  }

  /** As an operator does it: other bytes under the same name. */
  static void update(Bundle bundle, String artifact) throws BundleException, IOException {
    try (InputStream content = Files.newInputStream(jar(artifact))) {
      bundle.update(content);
    }
  }

  private static Path jar(String artifact) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(Path::of)
        .filter(path -> path.getFileName().toString().matches(artifact + "-[0-9].*\\.jar"))
        .findFirst()
        .orElseThrow(
            () -> new AssertionError(artifact + " is no jar on the class path; run `verify`"));
  }

  <S> S service(Class<S> type) throws InterruptedException {
    var tracker = new ServiceTracker<S, S>(context(), type, null);
    tracker.open();
    try {
      S found = tracker.waitForService(PATIENCE_MS);
      if (found == null) throw new AssertionError("no service " + type.getName());
      return found;
    } finally {
      tracker.close();
    }
  }

  @Override
  public void close() throws BundleException, InterruptedException {
    framework.stop();
    framework.waitForStop(PATIENCE_MS);
  }
}
