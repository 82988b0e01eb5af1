package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceTrials;
import io.tenon.nvme.ConnectionPause;
import io.tenon.nvme.ConnectionPause.State;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.ControllerInfo;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.reactor.Reactors;
import io.tenon.swap.HostPause;
import io.tenon.swap.SwapException;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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

/**
 * The connections of one of two volumes try a new transport before those of the other one; both have a host that reads and writes all the time. Hosts are
 * of a copy of the bundle that nobody replaces.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class TransportCanaryTest {
  private static final String TRANSPORT = "io.tenon.transport.nvmetcp";
  private static final String HOSTS = "hosts.of.the.test";
  private static final String INITIATOR =
      "OSGI-INF/io.tenon.transport.nvmetcp.internal.initiator.NvmeTcpInitiator.xml";
  private static final String VERSION = "0.1.77";
  private static final int IOS = 300;
  private static final String NOT_TAKEN = "wait for a transport that takes what they send";

  /** The machine of a build may be slow. */
  private long deadlineMs = 15_000;

  @Inject BundleContext context;
  @Inject Swaps swaps;
  @Inject BlockDevices devices;
  @Inject DeviceTrials trials;
  @Inject NvmeTarget target;
  @Inject Reactors reactors;

  private Path folder = Path.of("");
  private Bundle hosts;
  private DeviceTrials.Trial apart;
  private Volume canary;
  private Volume other;
  private TrialLoaders loaders;
  private boolean canaryIsHarmed;

  /** A device that a host reads and writes through its share. */
  private final class Volume {
    final DeviceSlot device;
    final Subsystem share;
    final List<String> uris;
    final CheckedHost host;
    final List<ControllerInfo> controllers;

    Volume(DeviceSlot device, DeviceProvider initiator) throws Exception {
      this.device = device;
      share = target.share(device, ShareOptions.anyHost());
      uris = target.shareUris(share);
      host = new CheckedHost(initiator, reactors, uris.getFirst());
      host.load.goesOn(IOS);
      controllers = share.controllers();
    }

    void mustBeWhole() throws Exception {
      host.load.goesOn(IOS);
      assertEquals(controllers, share.controllers());
      assertEquals(uris, target.shareUris(share));
      host.mustBeWhole();
    }

    void close() throws Exception {
      host.close();
      target.unshare(share);
      devices.destroy(device);
    }
  }

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Before
  public void connectHosts() throws Exception {
    loaders = new TrialLoaders(context);
    folder = Files.createTempDirectory("tenon-canary");
    var canaryDevice = devices.create("malloc:///canary?size_mb=64");
    var otherDevice = devices.create("malloc:///other?size_mb=64");
    var jar = folder.resolve("hosts.jar");
    var headers = Map.of("Bundle-SymbolicName", HOSTS, "Service-Component", INITIATOR);
    Jars.changed(TRANSPORT, jar, headers);
    // Nobody else gets devices from it.
    apart = trials.announce(HOSTS, canaryDevice);
    hosts = context.installBundle(jar.toUri().toString());
    hosts.start();
    canary = new Volume(canaryDevice, initiator());
    other = new Volume(otherDevice, initiator());
  }

  private DeviceProvider initiator() throws Exception {
    return Eventually.present(
        () ->
            context.getServiceReferences(DeviceProvider.class, "(scheme=nvmf)").stream()
                .filter(provider -> hosts.equals(provider.getBundle()))
                .map(context::getService)
                .findFirst(),
        () -> "no initiator");
  }

  @After
  public void noHostWasDisconnected() throws Exception {
    if (!canaryIsHarmed) canary.mustBeWhole();
    other.mustBeWhole();
    assertEquals(List.of(), named(TRANSPORT + ".canary"));
    assertEquals(Bundle.ACTIVE, named(TRANSPORT).getFirst().getState());
    canary.close();
    other.close();
    hosts.uninstall();
    apart.close();
    Folders.delete(folder);
  }

  private List<Bundle> named(String symbolicName) {
    return Installed.all(context, symbolicName);
  }

  private Path changed(Map<String, String> headers, Class<?>... more) throws IOException {
    var all = new TreeMap<>(headers);
    // Never older than what a test before this one may have left.
    all.put("Bundle-Version", VERSION);
    return Jars.changed(TRANSPORT, folder.resolve("new.jar"), all, more);
  }

  private Path lying(String way) throws IOException {
    return changed(
        Map.of(
            way,
            "yes",
            // Itself it does nothing.
            "Service-Component",
            "",
            "Bundle-Activator",
            LyingTransport.class.getName()),
        LyingTransport.class);
  }

  private SwapRequest request(Path jar, String volume) {
    return new SwapRequest(TRANSPORT, jar.toUri(), "the test", deadlineMs, Optional.of(volume));
  }

  private String rolledBack(Path jar) {
    var before = named(TRANSPORT).getFirst().getVersion();
    var request = request(jar, canary.device.name());
    var end = assertThrows(SwapException.class, () -> swaps.swap(request));
    assertEquals(end.getMessage(), SwapResult.ROLLED_BACK, end.result());
    assertEquals(before, named(TRANSPORT).getFirst().getVersion());
    return end.getMessage();
  }

  /** Of the last swap. */
  private List<HostPause> paused() {
    return swaps.history().getLast().hosts();
  }

  /** All of one volume's host and nobody else. Peers are of admin queues, and which ports the others have nobody knows. */
  private void onlyTheCanaryWaited() {
    var waited = paused().stream().map(HostPause::host).toList();
    int queues = canary.controllers.stream().mapToInt(one -> 1 + one.queues()).sum();
    assertEquals(waited.toString(), queues, waited.size());
    for (var one : canary.controllers) assertTrue(waited.toString(), waited.contains(one.peer()));
    for (var one : other.controllers) assertFalse(waited.toString(), waited.contains(one.peer()));
    assertFalse(paused().toString(), paused().stream().anyMatch(HostPause::broken));
  }

  private long handovers() {
    var all = target.handovers();
    return all.isEmpty() ? 0 : all.getLast().number();
  }

  @Test
  public void oneThatIsGoodFollowsForAllHosts() throws Exception {
    long before = handovers();
    var done = swaps.swap(request(changed(Map.of()), canary.share.nqn()));
    assertEquals(SwapResult.SWAPPED, done.result());
    assertEquals(1, loaders.awaitCollected());
    assertEquals(VERSION, named(TRANSPORT).getFirst().getVersion().toString());
    // The canary's there, the canary's back, and all.
    assertEquals(before + 3, handovers());
    int queues =
        Stream.of(canary, other)
            .flatMap(volume -> volume.controllers.stream())
            .mapToInt(one -> 1 + one.queues())
            .sum();
    assertEquals(paused().toString(), queues, paused().size());
    assertFalse(paused().toString(), paused().stream().anyMatch(HostPause::broken));
    assertEquals(List.of(), done.pauses());
  }

  @Test
  public void oneThatThrowsAtItsStartIsSeenByNobody() throws Exception {
    String why =
        rolledBack(
            changed(
                Map.of("Bundle-Activator", ThrowingActivator.class.getName()),
                ThrowingActivator.class));
    assertTrue(why, why.contains("No block device has seen it."));
    assertTrue(why, why.contains("this one throws at its start"));
    assertEquals(List.of(), paused());
  }

  @Test
  public void ofOneThatTakesNothingUpOnlyTheCanaryKnows() throws Exception {
    String why = rolledBack(lying("X-Idle"));
    assertTrue(why, why.contains("Only block device " + canary.device.name() + " has seen it."));
    assertTrue(why, why.contains("has not taken them up"));
    onlyTheCanaryWaited();
  }

  @Test
  public void ofOneThatDoesNotListenOnlyTheCanaryKnows() throws Exception {
    deadlineMs = 3_000;
    String why = rolledBack(deaf());
    assertTrue(why, why.contains(NOT_TAKEN));
    onlyTheCanaryWaited();
    assertEquals(1, loaders.awaitCollected());
  }

  private Path deaf() throws IOException {
    return Jars.withIdleMethod(changed(Map.of()), "TargetConnection", "readable");
  }

  @Test
  public void thatOneDoesNotListenIsSeenAlsoByAHostWithLittleToSay() throws Exception {
    canary.host.load.level(0);
    long before = handovers();
    var jar = deaf();
    var swap = CompletableFuture.supplyAsync(() -> rolledBack(jar));
    Eventually.until(
        () -> handovers() > before && tried().allMatch(one -> one.state() == State.OVER),
        () -> "nothing is tried");
    canary.host.load.level(1);
    String why = swap.get(Eventually.PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertTrue(why, why.contains(NOT_TAKEN));
    onlyTheCanaryWaited();
  }

  @Test
  public void oneThatDoesNotListenIsPutBackAlsoWithoutACanary() throws Exception {
    var request = new SwapRequest(TRANSPORT, deaf().toUri(), "the test", 3_000);
    var end = assertThrows(SwapException.class, () -> swaps.swap(request));
    assertEquals(end.getMessage(), SwapResult.ROLLED_BACK, end.result());
    assertTrue(end.getMessage(), end.getMessage().contains(NOT_TAKEN));
  }

  private Stream<ConnectionPause> tried() {
    return target.handovers().getLast().connections().stream();
  }

  @Test
  public void ofOneThatHangsOnlyTheCanaryKnows() throws Exception {
    canaryIsHarmed = true;
    String why = rolledBack(lying(LyingTransport.HUNG));
    assertTrue(why, why.contains("I/O of its hosts does not reach it any more."));
    onlyTheCanaryWaited();
  }

  @Test
  public void ofOneThatIsBrokenOnlyTheCanaryKnows() throws Exception {
    String why = rolledBack(Jars.withBrokenClasses(changed(Map.of()), "TargetConnection"));
    assertTrue(why, why.contains("were not taken up"));
    onlyTheCanaryWaited();
  }

  @Test
  public void whatIsNotSharedIsRefused() throws Exception {
    var request = request(changed(Map.of()), "nobody");
    var end = assertThrows(SwapException.class, () -> swaps.swap(request));
    assertEquals(end.getMessage(), SwapResult.REFUSED, end.result());
    assertTrue(end.getMessage(), end.getMessage().contains("There is no block device nobody"));
    assertTrue(end.getMessage(), end.getMessage().contains(canary.device.name()));
  }
}
