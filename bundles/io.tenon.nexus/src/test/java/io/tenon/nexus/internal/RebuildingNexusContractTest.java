package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.CopyPace;
import io.tenon.block.DeviceProvider;
import io.tenon.block.testing.TestReactors;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.internal.NexusContractTest.Mirrors.Made;
import io.tenon.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/**
 * The same with one child out, whose log is written, and another that is being rebuilt all the time. So the test that an I/O
 * allocates nothing holds with both.
 */
class RebuildingNexusContractTest extends NexusContractTest {
  private final List<NexusDevice> nexuses = new ArrayList<>();

  @Override
  protected DeviceProvider provider(TestReactors reactors) {
    return new Mirrors(reactors, 3, new EndlessRebuild(), this::degrade);
  }

  private void degrade(Made made) {
    nexuses.add(made.nexus());
    var membership = made.nexus().membership();
    var operators = new Operators(made.nexus());
    TestReactors.run(
        membership.home(),
        () -> {
          try {
            operators.takeOut(membership.members().get(1).uri(), Fault.OFFLINE);
            operators.add(made.spareUri(), made.spare(), true);
          } catch (NexusException e) {
            throw new AssertionError(e);
          }
        });
  }

  @AfterEach
  void theRebuildsWereUnderWayAndOneChildWasOut() {
    for (NexusDevice nexus : nexuses) {
      var underWay = nexus.membership().rebuilds().infos();
      assertEquals(1, underWay.size(), nexus.membership().rebuilds().history().toString());
      assertFalse(underWay.getFirst().partial());
      var out = nexus.membership().view().children().get(1);
      assertTrue(out.hasLog(), out.toString());
    }
  }

  /** Copies come, at ever longer intervals. */
  private static final class EndlessRebuild extends NexusParts {
    @Override
    CopyPace pace(Reactor home, List<Lane> lanes, Runnable pump) {
      return new CopyPace(home, new LaneLatencies(lanes), pump) {
        private double gapNs = 10_000_000;
        private long nextNs;

        @Override
        public boolean mayCopy() {
          if (home.nowNs() < nextNs || !super.mayCopy()) return false;
          gapNs *= 1.05;
          nextNs = home.nowNs() + (long) gapNs;
          return true;
        }
      };
    }
  }
}
