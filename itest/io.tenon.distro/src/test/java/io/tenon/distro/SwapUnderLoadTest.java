package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.ops4j.pax.exam.CoreOptions.options;

import com.google.protobuf.Empty;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceProvider;
import io.tenon.engine.api.HostRpcGrpc;
import io.tenon.metadata.MetadataStore;
import io.tenon.reactor.Reactors;
import io.tenon.swap.Swaps;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.condition.Condition;

/** Bundles are replaced again and again below a host that reads and writes, and leave nothing behind. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class SwapUnderLoadTest {
  private static final int IOS_BETWEEN = 300;

  /** Of a host: I/Os at a time. */
  private static final List<Integer> LOADS = List.of(CheckedLoad.DEPTH, 4, 0);

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

  private RepeatedSwaps repeated;

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Before
  public void begin() throws IOException {
    repeated = new RepeatedSwaps(context, swaps);
  }

  @After
  public void end() throws IOException {
    repeated.close();
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
    repeated.of("io.tenon.backend.nil", true, () -> {});
    assertEquals(uuid, devices.find("swapped").orElseThrow().uuid());
    devices.destroy(device);
  }

  @Test
  public void embeddedMetadataStore() throws Exception {
    repeated.ofStore("io.tenon.metadata.embedded", store);
  }

  @Test
  public void engineWhoseClientsAskAgain() throws Exception {
    for (int callers : RepeatedSwaps.CALLERS) {
      var asked = new ArrayList<RepeatedCall>();
      try {
        for (int i = 0; i < callers; i++) asked.add(calls());
        repeated.of(
            "io.tenon.engine",
            false,
            () -> {
              for (var each : asked) each.goesOn(RepeatedSwaps.STEPS_BETWEEN);
            });
        for (var each : asked) {
          each.goesOn(RepeatedSwaps.STEPS_BETWEEN);
          System.err.printf("%d callers: longest wait %d ms%n", callers, each.longestMs());
        }
      } finally {
        for (var each : asked) each.close();
      }
    }
    try (var asked = calls()) {
      asked.goesOn(RepeatedSwaps.STEPS_BETWEEN);
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

  private void swapUnder(String scheme, String bundle) throws Exception {
    try (var host = new HostedReplica(context, initiator, reactors, scheme)) {
      for (int load : LOADS) {
        host.load.level(load);
        repeated.of(bundle, true, () -> host.load.goesOn(load == 0 ? 0 : IOS_BETWEEN));
      }
      host.mustBeWhole();
      System.err.printf(
          "%s: longest pause of a host's I/O %d ms%n", bundle, host.load.longestPauseMs());
    }
  }
}
