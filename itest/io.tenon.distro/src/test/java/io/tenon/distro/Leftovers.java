package io.tenon.distro;

import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.wiring.BundleWiring;

/** What bundles that are replaced again and again could leave behind: class loaders, memory, open files, threads. */
final class Leftovers {
  /**
   * What the framework's table of class locks keeps of a thread that has ended goes when the next class is loaded: of any number
   * of swaps one class loader may be left.
   */
  private static final int STILL_HELD = 1;

  /** What a node remembers of twenty swaps, and what its callers hold at the moment. */
  private static final long HEAP_TOLERATED_BYTES = 8 << 20;

  /** A bundle has a third of a MiB at least, and twenty of them would be left. */
  private static final long CLASSES_TOLERATED_BYTES = 4 << 20;

  private final ReferenceQueue<ClassLoader> queue = new ReferenceQueue<>();
  private final List<PhantomReference<ClassLoader>> old = new ArrayList<>();
  private long files;
  private int threads;
  private long heapBytes;
  private long classBytes;

  /** What is open and runs from now on is compared with this moment. */
  void settled() throws IOException {
    files = openFiles();
    threads = threads();
    System.gc();
    heapBytes = heapBytes();
    classBytes = classBytes();
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
    // The machine itself may open some meanwhile; one a swap would be ours.
    int tolerated = old.size() / 2;
    long filesNow = openFiles();
    assertTrue("files: " + files + ", then " + filesNow, filesNow <= files + tolerated);
    int threadsNow = threads();
    assertTrue("threads: " + threads + ", then " + threadsNow, threadsNow <= threads + tolerated);
    mustNotHaveGrown("heap", heapBytes, heapBytes(), HEAP_TOLERATED_BYTES);
    mustNotHaveGrown("classes", classBytes, classBytes(), CLASSES_TOLERATED_BYTES);
  }

  private static void mustNotHaveGrown(String of, long before, long now, long tolerated) {
    assertTrue("%s: %d B, then %d".formatted(of, before, now), now <= before + tolerated);
  }

  /** As the last collection left it: who reads and writes meanwhile has made tens of MiB of garbage since. */
  private static long heapBytes() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .mapToLong(pool -> pool.getCollectionUsage().getUsed())
        .sum();
  }

  private static long classBytes() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getName().equals("Metaspace"))
        .mapToLong(pool -> pool.getUsage().getUsed())
        .sum();
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
