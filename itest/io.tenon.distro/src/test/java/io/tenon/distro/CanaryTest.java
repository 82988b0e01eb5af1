package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceSlot;
import io.tenon.reactor.Reactors;
import io.tenon.swap.DevicePause;
import io.tenon.swap.SwapException;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
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
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** One of two devices tries a new backend before the other one; both are read and written all the time. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class CanaryTest {
  private static final String AIO = "io.tenon.backend.aio";
  private static final String FRAMEWORK = ",org.osgi.framework";
  private static final String VERSION = "0.1.77";
  private static final int IOS = 300;
  private static final long DISK_BYTES = 32 << 20;

  /** The machine of a build may be slow. */
  private static final long DEADLINE_MS = 15_000;

  @Inject BundleContext context;
  @Inject Swaps swaps;
  @Inject BlockDevices devices;
  @Inject Reactors reactors;

  private Path folder = Path.of("");
  private Path jar = Path.of("");
  private DeviceSlot canary;
  private DeviceSlot other;
  private CheckedLoad canaryLoad;
  private CheckedLoad otherLoad;
  private TrialLoaders loaders;

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Before
  public void startLoads() throws Exception {
    loaders = new TrialLoaders(context);
    folder = Files.createTempDirectory("tenon-canary");
    jar = folder.resolve("new.jar");
    canary = device("canary");
    other = device("other");
    canaryLoad = CheckedLoad.start(reactors.main(), canary);
    otherLoad = CheckedLoad.start(reactors.main(), other);
    canaryLoad.goesOn(IOS);
    otherLoad.goesOn(IOS);
  }

  private DeviceSlot device(String name) throws Exception {
    var file = folder.resolve(name);
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(DISK_BYTES);
    }
    return devices.create("aio://" + file);
  }

  @After
  public void theOtherOneSawNothing() throws Exception {
    otherLoad.goesOn(IOS);
    otherLoad.stop();
    assertEquals(List.of(), named(AIO + ".canary"));
    assertEquals(Bundle.ACTIVE, named(AIO).getFirst().getState());
    devices.destroy(canary);
    devices.destroy(other);
    Folders.delete(folder);
  }

  private List<Bundle> named(String symbolicName) {
    return Installed.all(context, symbolicName);
  }

  private void changed(Map<String, String> headers, Class<?>... more) throws IOException {
    var all = new TreeMap<>(headers);
    // Never older than what a test before this one may have left.
    all.put("Bundle-Version", VERSION);
    jar = Jars.changed(AIO, folder.resolve("new.jar"), all, more);
  }

  private void lying(String way) throws IOException {
    changed(
        Map.of(
            way,
            "yes",
            "Bundle-Activator",
            LyingActivator.class.getName(),
            "Import-Package",
            FRAMEWORK),
        LyingActivator.class);
  }

  private SwapRequest request(String bundle, String volume) {
    return new SwapRequest(bundle, jar.toUri(), "the test", DEADLINE_MS, Optional.of(volume));
  }

  private String fails(SwapResult wanted, String bundle, String volume) {
    var end = assertThrows(SwapException.class, () -> swaps.swap(request(bundle, volume)));
    assertEquals(end.getMessage(), wanted, end.result());
    return end.getMessage();
  }

  private List<String> thatWaited() {
    return swaps.history().getLast().pauses().stream().map(DevicePause::device).toList();
  }

  @Test
  public void oneThatIsGoodFollowsToAllOthers() throws Exception {
    // That it offers more than the old one is no reason to refuse it.
    changed(
        Map.of(
            "Provide-Capability",
            "osgi.service;objectClass:List<String>=\"io.tenon.block.DeviceProvider,java.lang.Runnable\","
                + "tenon.backend;scheme=aio,tenon.swap"));
    var done = swaps.swap(request(AIO, canary.name()));
    assertEquals(SwapResult.SWAPPED, done.result());
    String proof = "First tried by block device " + canary.name() + ", with ";
    assertTrue(done.reason(), done.reason().contains(proof));
    assertEquals(1, loaders.awaitCollected());
    assertEquals(VERSION, named(AIO).getFirst().getVersion().toString());
    assertTrue(done.toString(), thatWaited().containsAll(List.of(canary.name(), other.name())));
    canaryLoad.goesOn(IOS);
    canaryLoad.stop();
    var backend = devices.backends().stream().filter(one -> one.scheme().equals("aio")).findFirst();
    assertEquals(2, backend.orElseThrow().devices());
  }

  @Test
  public void thatAnIdleVolumeProvesLittleIsSaid() throws Exception {
    canaryLoad.stop();
    changed(Map.of());
    var done = swaps.swap(request(AIO, canary.name()));
    assertEquals(SwapResult.SWAPPED, done.result());
    assertTrue(done.reason(), done.reason().contains(canary.name() + ", which did no I/O"));
  }

  @Test
  public void oneThatAnswersWithOtherDataHarmsNobody() throws Exception {
    lying("X-Rubbish");
    String why = fails(SwapResult.ROLLED_BACK, AIO, canary.name());
    assertEquals(1, loaders.awaitCollected());
    assertTrue(why, why.contains("Only block device " + canary.name() + " has seen it."));
    assertEquals(List.of(canary.name()), thatWaited());
    canaryLoad.goesOn(IOS);
    canaryLoad.stop();
  }

  @Test
  public void ofOneWhoseWritesFailOnlyTheCanarySawErrors() throws Exception {
    lying(LyingActivator.READ_ONLY);
    String why = fails(SwapResult.ROLLED_BACK, AIO, canary.name());
    assertTrue(why, why.contains("I/Os of it failed."));
    assertEquals(List.of(canary.name()), thatWaited());
    assertThrows(ExecutionException.class, canaryLoad::stop);
    // It is served by the old one again.
    var again = CheckedLoad.start(reactors.main(), device("again"));
    again.goesOn(IOS);
    again.stop();
    devices.destroy("aio://" + folder.resolve("again"));
    Stamps.write(reactors.main(), canary, 1);
    Stamps.check(reactors.main(), canary, 1);
  }

  @Test
  public void oneThatThrowsAtItsStartIsSeenByNobody() throws Exception {
    changed(
        Map.of("Bundle-Activator", ThrowingActivator.class.getName(), "Import-Package", FRAMEWORK),
        ThrowingActivator.class);
    String why = fails(SwapResult.ROLLED_BACK, AIO, canary.name());
    assertTrue(why, why.contains("No block device has seen it."));
    assertTrue(why, why.contains("this one throws at its start"));
    assertEquals(1, loaders.awaitCollected());
    assertEquals(List.of(), thatWaited());
    canaryLoad.stop();
  }

  @Test
  public void whatOneVolumeAloneCannotTryIsRefused() throws Exception {
    jar = Jars.of("io.tenon.engine");
    String why = fails(SwapResult.REFUSED, "io.tenon.engine", canary.name());
    assertTrue(why, why.contains("It serves all of its volumes by one service"));
    changed(Map.of());
    why = fails(SwapResult.REFUSED, AIO, "nobody");
    assertTrue(why, why.contains("There is no block device nobody"));
    assertTrue(why, why.contains(canary.name()));
    canaryLoad.stop();
  }
}
