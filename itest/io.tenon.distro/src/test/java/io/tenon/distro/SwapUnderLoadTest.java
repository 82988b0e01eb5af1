package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.ops4j.pax.exam.CoreOptions.options;

import com.google.protobuf.Empty;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceProvider;
import io.tenon.engine.api.HostRpcGrpc;
import io.tenon.metadata.Key;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Value;
import io.tenon.reactor.Reactors;
import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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
import org.ops4j.pax.exam.util.Filter;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.condition.Condition;

/** Bundles are replaced again and again below a host that reads and writes, and leave nothing behind. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class SwapUnderLoadTest {
  private static final int SWAPS = 20;
  private static final int SETTLED = 3;
  private static final int IOS_BETWEEN = 300;
  private static final int STEPS_BETWEEN = 30;

  /** Of a host: I/Os at a time. */
  private static final List<Integer> LOADS = List.of(CheckedLoad.DEPTH, 4, 0);

  private static final List<Integer> CALLERS = List.of(4, 1, 0);

  /** The machine of a build may be slow. */
  private static final long DEADLINE_MS = 15_000;

  private static final Duration WITHIN = Duration.ofSeconds(60);

  @Inject BundleContext context;
  @Inject Swaps swaps;
  @Inject BlockDevices devices;
  @Inject Reactors reactors;

  @Inject
  @Filter("(scheme=nvmf)")
  DeviceProvider initiator;

  @Inject
  @Filter("(tenon.metadata=slot)")
  MetadataStore store;

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
  public void removeFolder() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) Files.delete(file);
    }
    Files.delete(folder);
  }

  @Test
  public void aioUnderAPool() throws Exception {
    swapUnder("aio", "io.tenon.backend.aio");
  }

  @Test
  public void uringUnderAPool() throws Exception {
    swapUnder("uring", "io.tenon.backend.uring");
  }

  @Test
  public void mallocUnderAPool() throws Exception {
    swapUnder("malloc", "io.tenon.backend.malloc");
  }

  @Test
  public void pool() throws Exception {
    swapUnder("aio", "io.tenon.pool");
  }

  @Test
  public void blobstore() throws Exception {
    swapUnder("aio", "io.tenon.blobstore");
  }

  @Test
  public void nullWhoseDeviceKeepsItsIdentity() throws Exception {
    var device = devices.create("null:///swapped?size_mb=16");
    var uuid = device.uuid();
    swapAgainAndAgain("io.tenon.backend.nil", true, () -> {});
    assertEquals(uuid, devices.find("swapped").orElseThrow().uuid());
    devices.destroy(device);
  }

  @Test
  public void embeddedMetadataStore() throws Exception {
    var kept = Key.of("/kept");
    var before = store.put(kept, Value.of("what was there"), WITHIN);
    for (int callers : CALLERS) {
      var counters = new ArrayList<CheckedStore>();
      try {
        for (int i = 0; i < callers; i++) counters.add(new CheckedStore(store, "counter" + i));
        swapAgainAndAgain(
            "io.tenon.metadata.embedded",
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

  @Test
  public void engineWhoseClientsAskAgain() throws Exception {
    for (int callers : CALLERS) {
      var asked = new ArrayList<RepeatedCall>();
      try {
        for (int i = 0; i < callers; i++) asked.add(calls());
        swapAgainAndAgain(
            "io.tenon.engine",
            false,
            () -> {
              for (var each : asked) each.goesOn(STEPS_BETWEEN);
            });
        for (var each : asked) {
          each.goesOn(STEPS_BETWEEN);
          System.err.printf("%d callers: longest wait %d ms%n", callers, each.longestMs());
        }
      } finally {
        for (var each : asked) each.close();
      }
    }
    try (var asked = calls()) {
      asked.goesOn(STEPS_BETWEEN);
    }
  }

  /** Each asks the node who it is. */
  private RepeatedCall calls() throws InvalidSyntaxException {
    var channel = NettyChannelBuilder.forTarget("dns:///" + address()).usePlaintext().build();
    String instance = instance(channel);
    return new RepeatedCall(channel, () -> assertEquals(instance, instance(channel)));
  }

  private static String instance(ManagedChannel channel) {
    return HostRpcGrpc.newBlockingStub(channel)
        .withDeadlineAfter(Eventually.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .getMayastorInfo(Empty.getDefaultInstance())
        .getRegistrationInfo()
        .getId();
  }

  private String address() throws InvalidSyntaxException {
    var ready =
        context.getServiceReferences(Condition.class, "(osgi.condition.id=tenon.ready.grpc)");
    return (String) ready.iterator().next().getProperty("tenon.address");
  }

  private interface Between {
    void swaps() throws Exception;
  }

  private void swapUnder(String scheme, String bundle) throws Exception {
    try (var host = new HostedReplica(context, initiator, reactors, scheme)) {
      for (int load : LOADS) {
        host.load.level(load);
        swapAgainAndAgain(bundle, true, () -> host.load.goesOn(load == 0 ? 0 : IOS_BETWEEN));
      }
      host.mustBeWhole();
      System.err.printf(
          "%s: longest pause of a host's I/O %d ms%n", bundle, host.load.longestPauseMs());
    }
  }

  /**
   * @param devicesWait or nobody who does I/O notices
   */
  private void swapAgainAndAgain(String bundle, boolean devicesWait, Between between)
      throws Exception {
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

  private Path newer(String bundle) throws IOException {
    return Jars.changed(
        bundle, folder.resolve(bundle + ".jar"), Map.of("Bundle-Version", "0.1." + ++version));
  }

  private Bundle named(String symbolicName) {
    return Arrays.stream(context.getBundles())
        .filter(bundle -> symbolicName.equals(bundle.getSymbolicName()))
        .findFirst()
        .orElseThrow();
  }
}
