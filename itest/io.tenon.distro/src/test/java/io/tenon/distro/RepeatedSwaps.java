package io.tenon.distro;

import static org.junit.Assert.assertEquals;

import io.tenon.metadata.Key;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Value;
import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** Bundles that are replaced twenty times by versions of their own, while somebody uses them. */
final class RepeatedSwaps implements AutoCloseable {
  /** Who call, at a time. */
  static final List<Integer> CALLERS = List.of(4, 1, 0);

  static final int STEPS_BETWEEN = 30;
  private static final int SWAPS = 20;
  private static final int SETTLED = 3;

  /** The machine of a build may be slow. */
  private static final long DEADLINE_MS = 15_000;

  private static final Duration WITHIN = Duration.ofSeconds(60);

  private final BundleContext context;
  private final Swaps swaps;
  private final Path folder;
  private int version;

  RepeatedSwaps(BundleContext context, Swaps swaps) throws IOException {
    this.context = context;
    this.swaps = swaps;
    folder = Files.createTempDirectory("tenon-swap");
  }

  /** What has to go on between one and the next. */
  interface Between {
    void swaps() throws Exception;
  }

  /**
   * @param devicesWait or nobody who does I/O notices
   */
  void of(String bundle, boolean devicesWait, Between between) throws Exception {
    var leftovers = new Leftovers();
    var pauses = new ArrayList<Double>();
    for (int i = 0; i < SWAPS; i++) {
      between.swaps();
      if (i == SETTLED) leftovers.settled();
      leftovers.leaves(named(bundle));
      var next = newer(bundle);
      SwapRecord done = swaps.swap(new SwapRequest(bundle, next.toUri(), "the test", DEADLINE_MS));
      Files.delete(next);
      assertEquals(SwapResult.SWAPPED, done.result());
      assertEquals("devices that waited: " + done, devicesWait, !done.pauses().isEmpty());
      assertEquals(named(bundle).getVersion().toString(), done.toVersion());
      pauses.add(done.longestPause().toNanos() / 1e6);
    }
    between.swaps();
    pauses.sort(null);
    System.err.printf(
        "%s: pauses of a device by %d swaps: median %.1f ms, longest %.1f ms%n",
        bundle, SWAPS, pauses.get(SWAPS / 2), pauses.getLast());
    leftovers.mustBeNone();
  }

  /** Of a metadata store, below who count in it, at three loads. */
  void ofStore(String bundle, MetadataStore store) throws Exception {
    var kept = Key.of("/kept");
    var before = store.put(kept, Value.of("what was there"), WITHIN);
    for (int callers : CALLERS) {
      var counters = new ArrayList<CheckedStore>();
      try {
        for (int i = 0; i < callers; i++) counters.add(new CheckedStore(store, "counter" + i));
        of(
            bundle,
            false,
            () -> {
              for (var each : counters) each.goesOn(STEPS_BETWEEN);
            });
        for (var each : counters) {
          each.mustBeWhole();
          System.err.printf(
              "%d callers: longest step of a counter %d ms%n", callers, each.longestMs());
        }
      } finally {
        for (var each : counters) each.close();
      }
      assertEquals(before, store.get(kept, WITHIN).orElseThrow().version());
    }
    store.delete(kept, WITHIN);
  }

  private Path newer(String bundle) throws IOException {
    return Jars.changed(
        bundle, folder.resolve(bundle + ".jar"), Map.of("Bundle-Version", "0.1." + ++version));
  }

  private Bundle named(String symbolicName) {
    return Installed.one(context, symbolicName);
  }

  @Override
  public void close() throws IOException {
    Folders.delete(folder);
  }
}
