package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.DeviceProvider;
import io.tenon.reactor.Reactors;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.ops4j.pax.exam.util.Filter;
import org.osgi.framework.BundleContext;
import org.osgi.service.condition.Condition;

/** The bundles that the API is about are replaced, and its clients stay connected. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class ApiOverSwapsTest {
  private static final int SWAPS = 5;
  private static final int ROUNDS_BETWEEN = 30;

  /** The machine of a build may be slow. */
  private static final long DEADLINE_MS = 15_000;

  @Inject BundleContext context;
  @Inject Swaps swaps;
  @Inject Reactors reactors;

  @Inject
  @Filter("(scheme=nvmf)")
  DeviceProvider initiator;

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Test
  public void clientsStayConnectedWhileNexusPoolAndBlobstoreAreReplaced() throws Exception {
    Path folder = Files.createTempDirectory("tenon-swap");
    int version = 0;
    try (var nexus = new HostedNexus(context, initiator, reactors);
        var replica = new HostedReplica(context, initiator, reactors, "aio");
        var client = new ConnectedClient(address())) {
      for (int i = 0; i < SWAPS; i++) {
        for (String bundle :
            new String[] {"io.tenon.nexus", "io.tenon.pool", "io.tenon.blobstore"}) {
          client.calls.goesOn(ROUNDS_BETWEEN);
          var next =
              Jars.changed(
                  bundle, folder.resolve("next.jar"), Map.of("Bundle-Version", "0.1." + ++version));
          var done = swaps.swap(new SwapRequest(bundle, next.toUri(), "the test", DEADLINE_MS));
          assertEquals(SwapResult.SWAPPED, done.result());
          Files.delete(next);
        }
      }
      client.calls.goesOn(ROUNDS_BETWEEN);
      client.mustHaveStayedConnected();
      System.err.printf(
          "API over %d swaps: longest wait for three answers %d ms, asked again %d times%n",
          version, client.calls.longestMs(), client.calls.asksAgain());
      nexus.mustBeWhole();
      replica.mustBeWhole();
    }
    Files.delete(folder);
  }

  private String address() throws Exception {
    var ready =
        context.getServiceReferences(Condition.class, "(osgi.condition.id=tenon.ready.grpc)");
    return (String) ready.iterator().next().getProperty("tenon.address");
  }
}
