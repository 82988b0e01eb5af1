package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.DeviceProvider;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusState;
import io.tenon.reactor.Reactors;
import io.tenon.swap.DevicePause;
import io.tenon.swap.SwapException;
import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

/** The nexus' bundle is replaced again and again below hosts that read and write, and leaves nothing behind. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class NexusSwapTest {
  private static final String NEXUS = "io.tenon.nexus";
  private static final int SWAPS = 20;
  private static final int SETTLED = 3;
  private static final int IOS_BETWEEN = 300;
  private static final int MANY_VOLUMES = 4;

  /** I/Os at a time of each host. */
  private static final List<Integer> LOADS = List.of(CheckedLoad.DEPTH, 4, 0);

  /** The machine of a build may be slow. */
  private static final long DEADLINE_MS = 15_000;

  @Inject BundleContext context;
  @Inject Swaps swaps;
  @Inject Reactors reactors;

  @Inject
  @Filter("(scheme=nvmf)")
  DeviceProvider initiator;

  private final List<HostedNexus> hosts = new ArrayList<>();
  private final List<Double> pauses = new ArrayList<>();
  private Path folder = Path.of("");
  private int version;

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Before
  public void makeFolder() throws IOException {
    folder = Files.createTempDirectory("tenon-swap");
  }

  @After
  public void hostsSawNothing() throws Exception {
    for (var host : hosts) {
      host.load.goesOn(IOS_BETWEEN);
      host.mustBeWhole();
      System.err.printf("longest pause of a host's I/O %d ms%n", host.load.longestPauseMs());
      host.close();
    }
    Folders.delete(folder);
  }

  private HostedNexus host() throws Exception {
    var host = new HostedNexus(context, initiator, reactors);
    hosts.add(host);
    return host;
  }

  private void loadGoesOn() throws Exception {
    for (var host : hosts) host.load.goesOn(IOS_BETWEEN);
  }

  @Test
  public void twentyTimesUnderOneVolume() throws Exception {
    var _ = host();
    swapAgainAndAgain();
  }

  @Test
  public void twentyTimesUnderManyVolumes() throws Exception {
    for (int i = 0; i < MANY_VOLUMES; i++) {
      var _ = host();
    }
    swapAgainAndAgain();
  }

  @Test
  public void duringARebuild() throws Exception {
    var host = host();
    loadGoesOn();
    String more = host.file("c");
    host.nexus().addChild(more, true);
    host.nexus().pauseRebuild(more);
    swap();
    loadGoesOn();
    assertEquals(NexusState.DEGRADED, host.nexus().state());
    host.nexus().resumeRebuild(more);
    for (int i = 0; i < SETTLED; i++) swap();
    host.awaitOnline();
    assertEquals(3, host.nexus().children().size());
    // Alone, it must hold everything.
    host.nexus().faultChild(host.childA, Fault.OFFLINE);
    host.nexus().faultChild(host.childB, Fault.OFFLINE);
  }

  @Test
  public void withAChildThatIsOut() throws Exception {
    var host = host();
    loadGoesOn();
    host.nexus().faultChild(host.childB, Fault.OFFLINE);
    loadGoesOn();
    swap();
    var child = host.nexus().children().get(1);
    assertEquals(ChildState.FAULTED, child.state());
    assertTrue("its write log is gone: " + child, child.hasLog());
    loadGoesOn();
    host.nexus().onlineChild(host.childB);
    host.awaitOnline();
    assertTrue(
        "" + host.nexus().rebuildHistory(), host.nexus().rebuildHistory().getFirst().partial());
    host.nexus().faultChild(host.childA, Fault.OFFLINE);
  }

  @Test
  public void aPlainUpdateIsNothingElse() throws Exception {
    var _ = host();
    for (int i = 0; i < SETTLED; i++) {
      loadGoesOn();
      named().update();
    }
    assertEquals(NexusState.ONLINE, hosts.getFirst().nexus().state());
  }

  @Test
  public void oneThatDoesNotStartIsTakenBack() throws Exception {
    var host = host();
    loadGoesOn();
    var bad =
        Jars.changed(
            NEXUS,
            folder.resolve("bad.jar"),
            // It imports org.osgi.framework already.
            Map.of(
                "Bundle-Version",
                "0.1.9999",
                "Bundle-Activator",
                ThrowingActivator.class.getName()),
            ThrowingActivator.class);
    var before = named().getVersion();
    var refusal =
        assertThrows(
            SwapException.class,
            () -> swaps.swap(new SwapRequest(NEXUS, bad.toUri(), "the test", DEADLINE_MS)));
    assertEquals(refusal.getMessage(), SwapResult.ROLLED_BACK, refusal.result());
    assertEquals(before, named().getVersion());
    loadGoesOn();
    assertEquals(NexusState.ONLINE, host.nexus().state());
  }

  @Test
  public void oneVolumeTriesTheNewOneBeforeAllOthers() throws Exception {
    var canary = host();
    var other = host();
    loadGoesOn();
    canary.nexus().faultChild(canary.childB, Fault.OFFLINE);
    var loaders = new TrialLoaders(context);
    var next = next();
    var done = swaps.swap(request(next, canary));
    Files.delete(next);
    assertEquals(SwapResult.SWAPPED, done.result());
    assertEquals(Set.of(canary.name(), other.name()), Set.copyOf(waited(done)));
    assertEquals(1, loaders.awaitCollected());
    loadGoesOn();
    canary.nexus().onlineChild(canary.childB);
    canary.awaitOnline();
    assertTrue(canary.nexus().rebuildHistory().getFirst().partial());
  }

  @Test
  public void ofOneThatCannotServeOnlyTheCanaryKnows() throws Exception {
    var canary = host();
    var _ = host();
    loadGoesOn();
    var before = named().getVersion();
    var next = next();
    var broken = Jars.withBrokenClasses(next, "TakingUp");
    var end = assertThrows(SwapException.class, () -> swaps.swap(request(broken, canary)));
    assertEquals(end.getMessage(), SwapResult.ROLLED_BACK, end.result());
    String only = "Only block device " + canary.name() + " has seen it.";
    assertTrue(end.getMessage(), end.getMessage().contains(only));
    assertEquals(List.of(canary.name()), waited(swaps.history().getLast()));
    assertEquals(before, named().getVersion());
    assertEquals(NexusState.ONLINE, canary.nexus().state());
  }

  @Test
  public void oneWithoutAServiceIsSeenByNobody() throws Exception {
    var canary = host();
    loadGoesOn();
    var idle =
        Jars.changed(
            NEXUS,
            folder.resolve("idle.jar"),
            Map.of("Bundle-Version", "0.1.9999", "Service-Component", ""));
    var request =
        new SwapRequest(NEXUS, idle.toUri(), "the test", 2_000, Optional.of(canary.name()));
    var end = assertThrows(SwapException.class, () -> swaps.swap(request));
    assertEquals(end.getMessage(), SwapResult.ROLLED_BACK, end.result());
    assertTrue(end.getMessage(), end.getMessage().contains("No block device has seen it."));
    assertTrue(end.getMessage(), end.getMessage().contains("offers nobody to take it"));
    assertEquals(List.of(), waited(swaps.history().getLast()));
  }

  private static SwapRequest request(Path jar, HostedNexus canary) {
    return new SwapRequest(NEXUS, jar.toUri(), "the test", DEADLINE_MS, Optional.of(canary.name()));
  }

  private static List<String> waited(SwapRecord swap) {
    return swap.pauses().stream().map(DevicePause::device).toList();
  }

  private void swapAgainAndAgain() throws Exception {
    for (int load : LOADS) {
      for (var host : hosts) host.load.level(load);
      swapAgainAndAgain(load);
    }
    for (var host : hosts) host.load.level(CheckedLoad.DEPTH);
  }

  private void swapAgainAndAgain(int load) throws Exception {
    pauses.clear();
    var leftovers = new Leftovers();
    for (int i = 0; i < SWAPS; i++) {
      if (load > 0) loadGoesOn();
      if (i == SETTLED) leftovers.settled();
      leftovers.leaves(named());
      swap();
    }
    if (load > 0) loadGoesOn();
    pauses.sort(null);
    System.err.printf(
        "%s under %d volumes, %d I/Os at a time: pauses by %d swaps: median %.1f ms, longest %.1f ms%n",
        NEXUS, hosts.size(), load, SWAPS, pauses.get(SWAPS / 2), pauses.getLast());
    leftovers.mustBeNone();
  }

  private void swap() throws Exception {
    var next = next();
    SwapRecord done = swaps.swap(new SwapRequest(NEXUS, next.toUri(), "the test", DEADLINE_MS));
    Files.delete(next);
    assertEquals(SwapResult.SWAPPED, done.result());
    assertEquals("devices that waited: " + done, hosts.size(), done.pauses().size());
    pauses.add(done.longestPause().toNanos() / 1e6);
  }

  private Path next() throws IOException {
    // Tests of this class share a node, and none may bring an older one.
    version = Math.max(version, named().getVersion().getMicro());
    return Jars.changed(
        NEXUS, folder.resolve("next.jar"), Map.of("Bundle-Version", "0.1." + ++version));
  }

  private Bundle named() {
    return Installed.one(context, NEXUS);
  }
}
