package io.tenon.distro;

import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.wiring.BundleWiring;

/** What bundles that are replaced again and again could leave behind: class loaders, open files, threads. */
final class Leftovers {
  /**
   * What the framework's table of class locks keeps of a thread that has ended goes when the next class is loaded: of any number
   * of swaps one class loader may be left.
   */
  private static final int STILL_HELD = 1;

  private final ReferenceQueue<ClassLoader> queue = new ReferenceQueue<>();
  private final List<PhantomReference<ClassLoader>> old = new ArrayList<>();
  private long files;
  private int threads;

  /** What is open and runs from now on is compared with this moment. */
  void settled() throws IOException {
    files = openFiles();
    threads = threads();
  }

  /** Another version is about to take its place. */
  void leaves(Bundle bundle) {
    var loader = bundle.adapt(BundleWiring.class).getClassLoader();
    old.add(new PhantomReference<>(loader, queue));
  }

  void mustBeNone() throws Exception {
    var gone = new ArrayList<Object>();
    Eventually.until(
        () -> {
          System.gc();
          for (var one = queue.remove(100); one != null; one = queue.remove(100)) gone.add(one);
          return gone.size() >= old.size() - STILL_HELD;
        },
        () -> "only %d of %d old class loaders are gone".formatted(gone.size(), old.size()));
    // A thread or a file that the machine itself opens meanwhile is none of ours; one a swap would
    // be.
    int tolerated = old.size() / 2;
    long filesNow = openFiles();
    assertTrue("files: " + files + ", then " + filesNow, filesNow <= files + tolerated);
    int threadsNow = threads();
    assertTrue("threads: " + threads + ", then " + threadsNow, threadsNow <= threads + tolerated);
  }

  private static int threads() {
    return Thread.getAllStackTraces().size();
  }

  private static long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }
}
