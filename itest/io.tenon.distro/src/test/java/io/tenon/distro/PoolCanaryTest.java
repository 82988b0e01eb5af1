package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceSlot;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.Nexuses;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.Pools;
import io.tenon.pool.ReplicaSpec;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
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

/** One of two pools tries a new version of the pools' bundle, or of the blobstores', before the other one; replicas of both are read and written all the time. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class PoolCanaryTest {
  private static final String POOL = "io.tenon.pool";
  private static final String BLOBSTORE = "io.tenon.blobstore";
  private static final int IOS = 300;
  private static final long MIB = 1 << 20;

  /** The machine of a build may be slow. */
  private static final long DEADLINE_MS = 15_000;

  @Inject BundleContext context;
  @Inject Swaps swaps;
  @Inject BlockDevices devices;
  @Inject Reactors reactors;
  @Inject Nexuses nexuses;

  /** In names, for the node under test remembers its pools. */
  private final String mark = UUID.randomUUID().toString().substring(0, 8);

  private final List<String> pools = new ArrayList<>();
  private Path folder = Path.of("");
  private Path jar = Path.of("");
  private DeviceSlot canary;
  private DeviceSlot other;
  private CheckedLoad canaryLoad;
  private CheckedLoad otherLoad;
  private TrialLoaders loaders;

  /** What is replaced. */
  private String tried = POOL;

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Before
  public void startLoads() throws Exception {
    loaders = new TrialLoaders(context);
    folder = Files.createTempDirectory("tenon-canary");
    canary = replica(pool("fast"), "canary");
    other = replica(pool("slow"), "other");
    canaryLoad = load(canary);
    otherLoad = load(other);
  }

  private String pool(String name) throws Exception {
    var file = folder.resolve(name);
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(64 * MIB);
    }
    String whole = name + "-" + mark;
    pools().create(PoolSpec.of(whole, file.toString()).withClusterBytes(MIB));
    pools.add(whole);
    return whole;
  }

  private DeviceSlot replica(String pool, String name) throws Exception {
    var spec =
        new ReplicaSpec(name + "-" + mark, UUID.randomUUID(), 16 * MIB, true, Optional.empty());
    return find(pool).create(spec).device().orElseThrow();
  }

  private CheckedLoad load(DeviceSlot device) throws Exception {
    var load = CheckedLoad.start(reactors.main(), device);
    load.goesOn(IOS);
    return load;
  }

  private Pools pools() throws InterruptedException {
    return Services.now(context, Pools.class);
  }

  private Pool find(String name) throws Exception {
    return Eventually.present(() -> pools().findByName(name), () -> name + " does not come back");
  }

  @After
  public void theOtherOneSawNothing() throws Exception {
    otherLoad.goesOn(IOS);
    otherLoad.stop();
    assertEquals(List.of(), named(tried + ".canary"));
    assertEquals(Bundle.ACTIVE, bundle().getState());
    for (String pool : pools) {
      assertEquals(List.of(), find(pool).info().findings());
      find(pool).destroy();
    }
    assertEquals(List.of(), pools().absent());
    Folders.delete(folder);
  }

  private void canaryIsWhole() throws Exception {
    canaryLoad.goesOn(IOS);
    canaryLoad.stop();
  }

  private List<Bundle> named(String symbolicName) {
    return Installed.all(context, symbolicName);
  }

  private Bundle bundle() {
    return named(tried).getFirst();
  }

  /** Never older than what a test before this one has left. */
  private String next() {
    return "0.1." + (bundle().getVersion().getMicro() + 1);
  }

  private void changed(Map<String, String> headers, Class<?>... more) throws IOException {
    var all = new TreeMap<>(headers);
    all.put("Bundle-Version", next());
    jar = Jars.changed(tried, folder.resolve("new.jar"), all, more);
  }

  private void lying(String way, DeviceSlot about) throws IOException {
    changed(
        Map.of(
            way,
            "yes",
            LyingPoolsActivator.ABOUT,
            about.name(),
            "Bundle-Activator",
            LyingPoolsActivator.class.getName(),
            "Service-Component",
            ""),
        LyingPoolsActivator.class,
        LyingActivator.class);
  }

  private SwapRequest request(String volume, long deadlineMs) {
    return new SwapRequest(tried, jar.toUri(), "the test", deadlineMs, Optional.of(volume));
  }

  private void isGood(String volume, DeviceSlot... waits) throws Exception {
    changed(Map.of());
    String version = next();
    var done = swaps.swap(request(volume, DEADLINE_MS));
    assertEquals(SwapResult.SWAPPED, done.result());
    assertEquals(version, bundle().getVersion().toString());
    var all = new HashSet<>(Set.of(canary.name(), other.name()));
    for (DeviceSlot one : waits) all.add(one.name());
    assertEquals(all, Set.copyOf(thatWaited()));
    assertTrue(loaders.awaitCollected() > 0);
  }

  private String fails(SwapResult wanted, String volume, long deadlineMs) {
    var before = bundle().getVersion();
    var end = assertThrows(SwapException.class, () -> swaps.swap(request(volume, deadlineMs)));
    assertEquals(end.getMessage(), wanted, end.result());
    assertEquals(before, bundle().getVersion());
    assertEquals(wanted, swaps.history().getLast().result());
    return end.getMessage();
  }

  private void rolledBack(String why, DeviceSlot... waited) {
    rolledBack(canary.name(), DEADLINE_MS, why, waited);
  }

  private void rolledBack(String volume, long deadlineMs, String why, DeviceSlot... waited) {
    String told = fails(SwapResult.ROLLED_BACK, volume, deadlineMs);
    assertTrue(told, told.contains(why));
    if (waited.length == 0) assertTrue(told, told.contains("No block device has seen it."));
    assertEquals(Arrays.stream(waited).map(DeviceSlot::name).toList(), thatWaited());
  }

  private List<String> thatWaited() {
    return swaps.history().getLast().pauses().stream().map(DevicePause::device).toList();
  }

  // Good ones.

  @Test
  public void oneThatIsGoodFollowsToAllOthers() throws Exception {
    isGood(canary.name());
    canaryIsWhole();
  }

  @Test
  public void aPoolOfOneNexusIsTriedByItsNameAndAPoolOfManyByItsOwn() throws Exception {
    String shared = pool("shared");
    var first = replica(shared, "first");
    var second = replica(shared, "second");
    changed(Map.of());
    String why = fails(SwapResult.REFUSED, first.name(), DEADLINE_MS);
    assertTrue(
        why,
        why.contains(
            "Block device %s is not alone on pool %s: %s would see the new one as well."
                .formatted(first.name(), shared, second.name())));
    assertTrue(why, why.contains("--canary " + shared));
    assertEquals(List.of(), thatWaited());
    isGood(shared, first, second);
    var nexus = nexus(first, second);
    isGood("volume-" + mark, first, second);
    nexuses.findByUuid(nexus).orElseThrow().destroy();
    canaryIsWhole();
  }

  @Test
  public void newBlobstoresAreTriedByOnePoolAndFollowToAllOthers() throws Exception {
    tried = BLOBSTORE;
    isGood(canary.name());
    canaryIsWhole();
  }

  private UUID nexus(DeviceSlot... children) throws Exception {
    var uuid = UUID.randomUUID();
    var uris = Arrays.stream(children).map(child -> "bdev:///" + child.name()).toList();
    nexuses.create(
        new NexusSpec(
            "volume-" + mark,
            uuid,
            8 * MIB,
            uris,
            1,
            100,
            ReadPolicy.ROUND_ROBIN,
            Optional.empty(),
            Optional.empty()));
    return uuid;
  }

  // Bad ones.

  @Test
  public void ofOneThatCannotServeOnlyTheCanaryKnows() throws Exception {
    changed(Map.of());
    jar = Jars.withBrokenClasses(jar, "PoolIdentity");
    rolledBack("Only block device " + canary.name() + " has seen it.", canary);
    canaryIsWhole();
  }

  @Test
  public void ofBlobstoresThatLoadNothingOnlyTheCanaryKnows() throws Exception {
    tried = BLOBSTORE;
    changed(Map.of());
    jar = Jars.withBrokenClasses(jar, "StoreLoader");
    rolledBack("Only block device " + canary.name() + " has seen it.", canary);
    canaryIsWhole();
  }

  @Test
  public void blobstoresThatServeNothingAreSeenByNobody() throws Exception {
    tried = BLOBSTORE;
    changed(Map.of("Service-Component", ""));
    rolledBack(canary.name(), 2_000, "offers nobody to take it");
    canaryIsWhole();
  }

  @Test
  public void oneThatAnswersWithOtherDataHarmsNobody() throws Exception {
    lying("X-Rubbish", canary);
    rolledBack("It answers with other data than before.", canary);
    assertTrue(swaps.history().getLast().reason().contains("Only block device " + canary.name()));
    assertEquals(1, loaders.awaitCollected());
    canaryIsWhole();
  }

  @Test
  public void ofAPoolAllReplicasAreWatched() throws Exception {
    String shared = pool("shared");
    var first = replica(shared, "first");
    var second = replica(shared, "second");
    var firstLoad = load(first);
    var secondLoad = load(second);
    lying(LyingActivator.READ_ONLY, second);
    rolledBack(
        shared, DEADLINE_MS, "I/Os of block device " + second.name() + " failed.", first, second);
    assertTrue(
        swaps.history().getLast().reason().contains("Only pool " + shared + " has seen it."));
    firstLoad.goesOn(IOS);
    firstLoad.stop();
    assertThrows(ExecutionException.class, secondLoad::stop);
    // It is served by the old one again.
    Stamps.write(reactors.main(), second, 1);
    Stamps.check(reactors.main(), second, 1);
    canaryIsWhole();
  }

  @Test
  public void oneThatThrowsAtItsStartIsSeenByNobody() throws Exception {
    changed(Map.of("Bundle-Activator", ThrowingActivator.class.getName()), ThrowingActivator.class);
    rolledBack("this one throws at its start");
    canaryIsWhole();
  }

  @Test
  public void oneThatHangsAtItsStartIsSeenByNobody() throws Exception {
    changed(Map.of("Bundle-Activator", HangingActivator.class.getName()), HangingActivator.class);
    rolledBack(canary.name(), 2_000, "Its start was not done within the deadline.");
    canaryIsWhole();
  }

  @Test
  public void oneWithoutAServiceIsSeenByNobody() throws Exception {
    changed(Map.of("Service-Component", ""));
    rolledBack(canary.name(), 2_000, "offers nobody to take it");
    canaryIsWhole();
  }
}
