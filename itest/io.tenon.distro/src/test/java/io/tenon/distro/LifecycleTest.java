package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceSlot;
import io.tenon.block.SlotState;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.Nexuses;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.PoolState;
import io.tenon.pool.Pools;
import io.tenon.pool.ReplicaSpec;
import io.tenon.reactor.Reactors;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;

/**
 * Every bundle of the node, and of what it stands on, is stopped and started in random order, some at a time. Nothing hangs, nobody
 * logs an error, and whenever all are there again all components work and a pool has its data. In the end a volume serves.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class LifecycleTest {
  private static final int STEPS = Integer.getInteger("tenon.lifecycle.steps", 500);
  private static final int STEPS_BETWEEN = 50;
  private static final int MOST_STOPPED = 3;
  private static final long MIB = 1 << 20;

  /** Of one stop or start; and until all work again. */
  private static final long PATIENCE_SECONDS = 120;

  /** What else is stopped: that which components live by. */
  private static final Set<String> GROUND =
      Set.of(
          "org.apache.felix.scr",
          "org.apache.felix.configadmin",
          "org.apache.felix.metatype",
          "org.apache.felix.log",
          "org.apache.felix.gogo.runtime");

  @Inject BundleContext context;

  private final long seed = Long.getLong("tenon.lifecycle.seed", System.nanoTime());
  private final SplittableRandom random = new SplittableRandom(seed);
  private final List<String> lately = new ArrayList<>();
  private final UUID replica = UUID.randomUUID();

  /** A new one each time: the node under test remembers its pools. */
  private final String name = "lifecycle-" + replica;

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Test
  public void everythingSurvivesStopAndStartOfWhatItStandsOn() throws Exception {
    System.err.printf("lifecycle: %d steps, -Dtenon.lifecycle.seed=%d%n", STEPS, seed);
    var folder = Files.createTempDirectory("tenon-lifecycle");
    var file = folder.resolve("disk");
    try (var log = new ErrorLog()) {
      makeReplica(file);
      storm(log);
      volumeServes();
      pools().findByName(name).orElseThrow().destroy();
      assertEquals(seeded("errors"), List.of(), log.errors());
    }
    Files.delete(file);
    Files.delete(folder);
  }

  private String seeded(String what) {
    var last = lately.subList(Math.max(0, lately.size() - 8), lately.size());
    return what + " with -Dtenon.lifecycle.seed=" + seed + " after " + lately.size() + ": " + last;
  }

  private void makeReplica(Path file) throws Exception {
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(128 * MIB);
    }
    var pool = pools().create(PoolSpec.of(name, file.toString()).withClusterBytes(MIB));
    var spec = new ReplicaSpec("r-" + replica, replica, 64 * MIB, true, Optional.empty());
    var _ = pool.create(spec);
    Stamps.write(service(Reactors.class).main(), replicaDevice(), 1);
  }

  private void storm(ErrorLog log) throws Exception {
    var all = stoppable();
    assertTrue("only " + all, all.size() > 20);
    var stopped = new ArrayList<Bundle>();
    for (int step = 0; step < STEPS; step++) {
      boolean stops = stopped.isEmpty() || (stopped.size() < MOST_STOPPED && random.nextBoolean());
      if (stops) {
        var bundle = all.get(random.nextInt(all.size()));
        if (stopped.contains(bundle)) continue;
        bounded("stop", bundle, bundle::stop);
        stopped.add(bundle);
      } else {
        var bundle = stopped.remove(random.nextInt(stopped.size()));
        bounded("start", bundle, bundle::start);
      }
      assertEquals(seeded("errors"), List.of(), log.errors());
      if (step % STEPS_BETWEEN == STEPS_BETWEEN - 1) {
        startAll(stopped);
        allIsWell();
        assertEquals(seeded("errors"), List.of(), log.errors());
      }
    }
    startAll(stopped);
    allIsWell();
  }

  private void startAll(List<Bundle> stopped) throws Exception {
    while (!stopped.isEmpty()) {
      var bundle = stopped.remove(random.nextInt(stopped.size()));
      bounded("start", bundle, bundle::start);
    }
  }

  /** In the order of their names, so that a seed means the same again. */
  private List<Bundle> stoppable() {
    return Arrays.stream(context.getBundles())
        .filter(bundle -> bundle.getHeaders("").get(Constants.FRAGMENT_HOST) == null)
        .filter(
            bundle ->
                bundle.getSymbolicName().startsWith("io.tenon.")
                    || GROUND.contains(bundle.getSymbolicName()))
        .sorted(Comparator.comparing(Bundle::getSymbolicName))
        .toList();
  }

  private interface Step {
    void run() throws BundleException;
  }

  private void bounded(String what, Bundle bundle, Step step) throws Exception {
    lately.add(what + " " + bundle.getSymbolicName());
    var done = new CompletableFuture<Void>();
    var thread =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    step.run();
                    done.complete(null);
                  } catch (BundleException | RuntimeException | Error e) {
                    // Whatever it was, it fails the test.
                    done.completeExceptionally(e);
                  }
                });
    try {
      done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError(seeded("hangs in " + Arrays.toString(thread.getStackTrace())), e);
    } catch (ExecutionException e) {
      throw new AssertionError(seeded("failed"), e.getCause());
    }
  }

  private interface Lacking {
    /** Empty when nothing lacks. */
    String now() throws Exception;
  }

  private void await(Lacking lacking) throws Exception {
    var lacks = new AtomicReference<>("");
    Eventually.until(
        () -> {
          lacks.set(lacking.now());
          return lacks.get().isEmpty();
        },
        () -> seeded(lacks.get()));
  }

  private void allIsWell() throws Exception {
    await(this::componentsLack);
    await(this::poolLacks);
    Stamps.check(service(Reactors.class).main(), replicaDevice(), 1);
  }

  private String componentsLack() throws Exception {
    var runtime = service(ServiceComponentRuntime.class);
    var lacking = new ArrayList<String>();
    for (ComponentDescriptionDTO component : runtime.getComponentDescriptionDTOs()) {
      var configurations = runtime.getComponentConfigurationDTOs(component);
      if (configurations.isEmpty() && !component.configurationPolicy.equals("require")) {
        lacking.add(component.name);
      }
      for (ComponentConfigurationDTO configuration : configurations) {
        if (configuration.state != ComponentConfigurationDTO.ACTIVE
            && configuration.state != ComponentConfigurationDTO.SATISFIED) {
          lacking.add(component.name + " " + configuration.failure);
        }
      }
    }
    return lacking.isEmpty() ? "" : "components lack: " + lacking;
  }

  private String poolLacks() throws Exception {
    var pool = pools().findByName(name);
    if (pool.isEmpty()) return "the pool is not there; absent: " + pools().absent();
    var state = pool.get().info().state();
    if (state != PoolState.ONLINE) return "the pool is " + state;
    var device = service(BlockDevices.class).find(replica.toString());
    if (device.isEmpty()) return "the replica is not there";
    return device.get().state() == SlotState.READY ? "" : "" + device.get().status();
  }

  private DeviceSlot replicaDevice() throws Exception {
    return service(BlockDevices.class).find(replica.toString()).orElseThrow();
  }

  private Pools pools() throws InterruptedException {
    return service(Pools.class);
  }

  private <S> S service(Class<S> type) throws InterruptedException {
    return Services.now(context, type);
  }

  /** Of the replica that went through all of it, and a new child. */
  private void volumeServes() throws Exception {
    var reactor = service(Reactors.class).main();
    var nexus =
        service(Nexuses.class)
            .create(
                new NexusSpec(
                    "volume-" + replica,
                    UUID.randomUUID(),
                    48 * MIB,
                    List.of("bdev:///r-" + replica, "malloc:///m-" + replica + "?size_mb=64"),
                    1,
                    2,
                    NexusSpec.ReadPolicy.ROUND_ROBIN));
    for (int version = 2; version < 10; version++) {
      Stamps.write(reactor, nexus.device(), version);
      // Both children answer by turns.
      Stamps.check(reactor, nexus.device(), version);
    }
    nexus.destroy();
  }
}
