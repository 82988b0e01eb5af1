package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.tenon.block.Geometry;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.BugList;
import io.tenon.simulation.Seeds;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The simulation is only worth its seeds when it finds bugs: each of these, planted one at a time. */
class PlantedBugsTest {
  private static final int OPERATIONS = 300;
  private static final int MOST_SEEDS = 400;

  /** A broken piece of a nexus or of what it stands on. */
  record Bug(String name, NexusParts parts, SimRun.Neighbours neighbours) {
    Bug(String name, NexusParts parts) {
      this(name, parts, SimRun.Neighbours.GOOD);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static List<Bug> bugs() {
    return List.of(
        new Bug(
            "a write is acknowledged before a missing child is out everywhere",
            new EagerToAcknowledge()),
        new Bug("reads go on to a child that has failed", new ReadsFromFailed()),
        new Bug("the first child's answer is taken for all", new FirstAnswerCounts()),
        new Bug("the data of one child lies a block further", new WrongOffset()),
        new Bug(
            "a lane confirms that a child is out and reads on until it is settled",
            new DeafToDetach()),
        new Bug("a child's failure is ignored", new DeafToFailure()),
        new Bug("overlapping writes are not ordered", new NoOrder()),
        new Bug("reads do not wait for writes under way", new ImpatientReads()),
        new Bug(
            "the lower layer believes a late second answer",
            new NexusParts(),
            new SimRun.Neighbours(true, false, false)),
        new Bug(
            "the record says done before it is",
            new NexusParts(),
            new SimRun.Neighbours(false, true, false)),
        new Bug(
            "the initiator reconnects to a restarted node and says nothing",
            new NexusParts(),
            new SimRun.Neighbours(false, false, true)));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(Bug bug) {
    long beganNs = System.nanoTime();
    for (long seed = 1; seed <= MOST_SEEDS; seed++) {
      try {
        var _ =
            Seeds.run(
                seed,
                one ->
                    new SimRun(one, SimRun.Scenario.ONE_GOOD_CHILD, bug.parts(), bug.neighbours())
                        .run(OPERATIONS));
      } catch (AssertionError found) {
        assertTrue(found.getMessage().endsWith("replay with -Dseed=" + seed), found.getMessage());
        BugList.found(PlantedBugsTest.class, bug.name(), seed, beganNs);
        return;
      }
    }
    fail("not found in " + MOST_SEEDS + " seeds: " + bug);
  }

  private static final class EagerToAcknowledge extends NexusParts {
    @Override
    Lane lane(Reactor reactor, NexusDevice nexus) {
      return new Lane(reactor, nexus) {
        @Override
        boolean mayAcknowledge(long missed) {
          return true;
        }
      };
    }
  }

  private static final class ReadsFromFailed extends NexusParts {
    @Override
    Lane lane(Reactor reactor, NexusDevice nexus) {
      return new Lane(reactor, nexus) {
        @Override
        long readable() {
          return in() | unsettled();
        }

        @Override
        void settle(Child child) {
          if (reactor.index() == 0) super.settle(child);
          else reactor.schedule(10_000_000, () -> super.settle(child));
        }
      };
    }
  }

  private static final class FirstAnswerCounts extends NexusParts {
    @Override
    NexusIo io(Lane lane, int children) {
      return new NexusIo(lane, children) {
        private IoRequest told;

        @Override
        void answered(int child, IoStatus status) {
          if (isChanging() && status.isSuccess() && told == null) {
            told = request();
            super.tell(told, status);
          }
          super.answered(child, status);
        }

        @Override
        void tell(IoRequest of, IoStatus status) {
          if (told == null) super.tell(of, status);
          told = null;
        }
      };
    }
  }

  private static final class WrongOffset extends NexusParts {
    @Override
    Lane lane(Reactor reactor, NexusDevice nexus) {
      return new Lane(reactor, nexus) {
        @Override
        long offset(int child) {
          return super.offset(child) + (child == 1 ? 1 : 0);
        }
      };
    }
  }

  private static final class DeafToDetach extends NexusParts {
    @Override
    Lane lane(Reactor reactor, NexusDevice nexus) {
      return new Lane(reactor, nexus) {
        @Override
        void detach(Child child) {
          if (reactor.index() == 0) super.detach(child);
        }

        @Override
        void settle(Child child) {
          super.detach(child);
          super.settle(child);
        }
      };
    }
  }

  private static final class DeafToFailure extends NexusParts {
    @Override
    Lane lane(Reactor reactor, NexusDevice nexus) {
      return new Lane(reactor, nexus) {
        @Override
        void childFailed(int index, IoStatus fault, IoRequest request) {}
      };
    }
  }

  private static final class NoOrder extends NexusParts {
    @Override
    RangeLock range(Geometry geometry) {
      return new RangeLock(geometry.blockShift(), geometry.blockCount()) {
        @Override
        boolean take(int word, int lane) {
          return true;
        }
      };
    }
  }

  private static final class ImpatientReads extends NexusParts {
    @Override
    RangeLock range(Geometry geometry) {
      return new RangeLock(geometry.blockShift(), geometry.blockCount()) {
        @Override
        boolean isFree(int word, int lane) {
          return true;
        }
      };
    }
  }
}
