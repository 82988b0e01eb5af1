package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.TestReactors;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.internal.Target;
import io.tenon.nvme.testing.SilentTarget;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What hosts are told of the way through this node. That they see it is the target's to show. */
class AnaTest {
  private TestReactors reactors;
  private Target target;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(1);
    target = SilentTarget.open();
  }

  @AfterEach
  void stop() throws Exception {
    reactors.close();
  }

  private interface Steps {
    void run(Nexus nexus) throws Exception;
  }

  private void with(boolean ana, Steps steps) throws Exception {
    var service = new NexusService(new TestDevices(), target, reactors.reactors(), ana);
    try {
      steps.run(
          service.create(
              new NexusSpec(
                  "v",
                  new UUID(7, 1),
                  8 << 20,
                  List.of("malloc:///a?size_mb=16"),
                  1,
                  2,
                  ReadPolicy.LOCAL_FIRST)));
    } finally {
      service.close();
    }
  }

  private static NexusException refusal(Nexus nexus, AnaState state) {
    return assertThrows(NexusException.class, () -> nexus.anaState(state));
  }

  @ParameterizedTest
  @EnumSource(AnaState.class)
  void aPublishedNexusHasTheStateThatItWasGiven(AnaState state) throws Exception {
    with(
        true,
        nexus -> {
          nexus.publish(Set.of());
          assertEquals(Optional.of(AnaState.OPTIMIZED), nexus.anaState());
          nexus.anaState(state);
          assertEquals(Optional.of(state), nexus.anaState());
          assertEquals(state, target.find(NvmeTarget.NQN_PREFIX + "v").orElseThrow().anaState());
        });
  }

  @Test
  void publishedAgainItBeginsOptimized() throws Exception {
    with(
        true,
        nexus -> {
          nexus.publish(Set.of());
          nexus.anaState(AnaState.INACCESSIBLE);
          nexus.unpublish();
          assertEquals(Optional.empty(), nexus.anaState());
          nexus.publish(Set.of());
          assertEquals(Optional.of(AnaState.OPTIMIZED), nexus.anaState());
        });
  }

  @Test
  void oneThatIsNotPublishedHasNone() throws Exception {
    with(
        true,
        nexus -> {
          assertEquals(Optional.empty(), nexus.anaState());
          assertEquals(Kind.INVALID_ARGUMENT, refusal(nexus, AnaState.OPTIMIZED).kind());
        });
  }

  @Test
  void whereHostsAreNotToldOfAnaStatesNoneIsChanged() throws Exception {
    with(
        false,
        nexus -> {
          nexus.publish(Set.of());
          var refusal = refusal(nexus, AnaState.INACCESSIBLE);
          assertEquals(Kind.STATE, refusal.kind());
          assertTrue(refusal.getMessage().contains("NEXUS_NVMF_ANA_ENABLE"), refusal.getMessage());
          assertEquals(Optional.of(AnaState.OPTIMIZED), nexus.anaState());
        });
  }

  @Test
  void oneThatWasShutDownKeepsItsHostsWaiting() throws Exception {
    with(
        true,
        nexus -> {
          nexus.publish(Set.of());
          nexus.shutdown();
          assertEquals(Kind.STATE, refusal(nexus, AnaState.INACCESSIBLE).kind());
        });
  }
}
