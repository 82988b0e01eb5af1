package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.FaultInjections;
import io.tenon.block.SlotState;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.Nexuses;
import io.tenon.reactor.Reactors;
import io.tenon.swap.SwapException;
import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.inject.Inject;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.ops4j.pax.exam.util.Filter;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** Bundles are replaced while something else is under way that needs them. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class SwapRacesTest {
  private static final String AIO = "io.tenon.backend.aio";
  private static final String POOL = "io.tenon.pool";
  private static final long MIB = 1 << 20;
  private static final int IOS = 300;
  private static final int SWAPS = 5;
  private static final int MOST_SNAPSHOTS = 40;

  /** The machine of a build may be slow. */
  private static final long DEADLINE_MS = 15_000;

  private static final long PATIENCE_SECONDS = 120;

  @Inject BundleContext context;
  @Inject Swaps swaps;
  @Inject BlockDevices devices;
  @Inject FaultInjections faults;
  @Inject Nexuses nexuses;
  @Inject Reactors reactors;

  @Inject
  @Filter("(scheme=nvmf)")
  DeviceProvider initiator;

  private Path folder = Path.of("");
  private ExecutorService others;

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Before
  public void begin() throws Exception {
    folder = Files.createTempDirectory("tenon-races");
    others = Executors.newCachedThreadPool();
  }

  @After
  public void end() throws Exception {
    others.close();
    Folders.delete(folder);
  }

  private SwapRecord swap(String bundle) throws SwapException {
    var request = new SwapRequest(bundle, Jars.of(bundle).toUri(), "the test", DEADLINE_MS);
    var done = swaps.swap(request);
    assertEquals(SwapResult.SWAPPED, done.result());
    return done;
  }

  private String disk(String name, long mib) throws Exception {
    var file = folder.resolve(name);
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(mib * MIB);
    }
    return "aio://" + file;
  }

  /** Two bundles of one volume, at the same moment and again and again. */
  @Test
  public void ofSeveralBundlesAtOnceEachHasItsTurn() throws Exception {
    try (var host = new HostedReplica(context, initiator, reactors, "aio")) {
      host.load.goesOn(IOS);
      var all = new ArrayList<Callable<SwapRecord>>();
      for (String bundle : List.of(AIO, POOL, "io.tenon.blobstore", AIO)) {
        all.add(() -> swap(bundle));
      }
      for (Future<SwapRecord> done : others.invokeAll(all)) {
        assertEquals(SwapResult.SWAPPED, done.get().result());
      }
      host.load.goesOn(IOS);
      host.mustBeWhole();
    }
  }

  @Test
  public void aRebuildGoesOnAcrossSwapsOfItsDisks() throws Exception {
    String source = disk("source", 256);
    // Not sparse: a rebuild reads only what its source may hold.
    try (var file = new RandomAccessFile(folder.resolve("source").toFile(), "rw")) {
      for (int i = 0; i < 192; i++) file.write(new byte[(int) MIB]);
    }
    String copy = disk("copy", 256);
    var nexus =
        nexuses.create(
            new NexusSpec(
                "races-" + UUID.randomUUID(),
                UUID.randomUUID(),
                128 * MIB,
                List.of(source),
                1,
                2,
                NexusSpec.ReadPolicy.LOCAL_FIRST));
    var load = CheckedLoad.start(reactors.main(), nexus.device());
    load.goesOn(IOS);
    // So slow that it lasts as long as the swaps do.
    var slow = faults.inject(slow(devices.find(source).orElseThrow(), "read", 50));
    nexus.addChild(copy, true);
    for (int i = 0; i < SWAPS; i++) {
      assertFalse("the rebuild is over too early", nexus.rebuilds().isEmpty());
      swap(AIO);
      load.goesOn(IOS);
    }
    faults.removeInjected(slow.uri());
    Eventually.until(
        () -> nexus.children().stream().allMatch(child -> child.state() == ChildState.OPEN),
        () -> "not rebuilt: " + nexus.children());
    // Reads come from the copy alone now, and must find all that the load has written.
    nexus.removeChild(source);
    load.goesOn(IOS);
    load.stop();
    nexus.destroy();
  }

  private static String slow(DeviceSlot device, String operation, int ms) {
    return "inject://%s?op=%s&method=delay-%d".formatted(device.name(), operation, ms);
  }

  /** What is in flight when a swap begins takes its time; the swap waits for it, and fails none of it. */
  @Test
  public void aSwapWaitsForIoThatIsSlow() throws Exception {
    var device = devices.create(disk("slow", 32));
    var load = CheckedLoad.start(reactors.main(), device);
    load.goesOn(IOS);
    var slow = faults.inject(slow(device, "readwrite", 300));
    var done = swap(AIO);
    assertEquals(device.name(), done.pauses().getFirst().device());
    faults.removeInjected(slow.uri());
    load.goesOn(IOS);
    load.stop();
    devices.destroy(device);
  }

  /** An update of somebody else has begun to drain the device when a swap is asked for. */
  @Test
  public void aSwapDuringThePlainUpdateOfTheSameBundleIsRefusedOrDoneAndTheDeviceGoesOn()
      throws Exception {
    var device = devices.create(disk("updated", 32));
    var load = CheckedLoad.start(reactors.main(), device);
    load.goesOn(IOS);
    var slow = faults.inject(slow(device, "readwrite", 300));
    Future<?> update =
        others.submit(
            () -> {
              aio().update();
              return null;
            });
    Eventually.until(
        () -> device.state() != SlotState.READY || update.isDone(), () -> "no update begins");
    var result = tried();
    assertTrue(result.toString(), result == SwapResult.SWAPPED || result == SwapResult.REFUSED);
    update.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    faults.removeInjected(slow.uri());
    load.goesOn(IOS);
    load.stop();
    assertEquals(Bundle.ACTIVE, aio().getState());
    devices.destroy(device);
  }

  @SuppressWarnings("MissingFail") // either way it may end is right
  private SwapResult tried() {
    try {
      return swap(AIO).result();
    } catch (SwapException e) {
      return e.result();
    }
  }

  private Bundle aio() {
    return Installed.one(context, AIO);
  }

  /** A snapshot is there or it is not; a host notices nothing either way. */
  @Test
  public void snapshotsDuringSwapsAreWholeOrNotThere() throws Exception {
    try (var host = new HostedReplica(context, initiator, reactors, "aio")) {
      host.load.goesOn(IOS);
      var enough = new AtomicBoolean();
      Future<Integer> taken = others.submit(() -> snapshots(host, enough));
      for (int i = 0; i < SWAPS; i++) {
        swap(i % 2 == 0 ? AIO : POOL);
        host.load.goesOn(IOS);
      }
      enough.set(true);
      int many = taken.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertTrue("no snapshot was taken", many > 0);
      assertEquals(many, host.snapshots());
      host.load.goesOn(IOS);
      host.mustBeWhole();
    }
  }

  /** How many there are; one whose bundle went before it had begun was refused. */
  private static int snapshots(HostedReplica host, AtomicBoolean enough) throws Exception {
    int taken = 0;
    for (int i = 0; !enough.get() && i < MOST_SNAPSHOTS; i++) {
      if (host.snapshot("s" + i)) taken++;
    }
    return taken;
  }
}
