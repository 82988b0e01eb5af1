package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.nexus.ChildReason;
import io.tenon.nexus.ChildState;
import io.tenon.simulation.BugList;
import io.tenon.simulation.Seeds;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a nexus leaves is all needed: a successor that lacks a piece of it loses data, and the simulator finds that. */
class PlantedHandoverBugsTest {
  private static final int MOST_SEEDS = 400;

  enum Bug {
    FORGETS_WHAT_IS_NOT_DURABLE("a successor does not know what was changed and not flushed") {
      @Override
      LeftNexus in(LeftNexus left) {
        return with(left, left.recent().none(), UnaryOperator.identity());
      }
    },
    FORGETS_WHAT_CHILDREN_HAVE_MISSED(
        "a successor does not know what children that are out have missed") {
      @Override
      LeftNexus in(LeftNexus left) {
        return with(
            left,
            left.recent(),
            child -> with(child, child.standing(), child.lacks().map(SegmentMap::none)));
      }
    },
    TAKES_A_REBUILD_FOR_DONE("a successor takes a rebuild for done") {
      @Override
      LeftNexus in(LeftNexus left) {
        long end = left.area().geometry().blockCount();
        return with(left, left.recent(), child -> with(child, end));
      }
    },
    BELIEVES_WHAT_IS_BEING_REBUILT("a successor reads a child that is being rebuilt") {
      @Override
      LeftNexus in(LeftNexus left) {
        return with(left, left.recent(), child -> opened(child));
      }
    },
    DOES_NOT_ASK_WHAT_HAPPENED_MEANWHILE(
        "a successor does not ask what happened while nobody listened") {
      @Override
      LeftNexus in(LeftNexus left) {
        return with(left, left.recent(), child -> heard(child));
      }
    };

    private final String text;

    Bug(String text) {
      this.text = text;
    }

    abstract LeftNexus in(LeftNexus left);
  }

  private static LeftNexus with(
      LeftNexus left, SegmentMap recent, UnaryOperator<LeftChild> children) {
    return new LeftNexus(
        left.spec(),
        left.sizeBytes(),
        left.area(),
        left.unmaps(),
        left.standing(),
        left.children().stream().map(children).toList(),
        recent,
        left.proof(),
        left.stored(),
        left.history(),
        left.share(),
        left.lastMark());
  }

  private static LeftChild with(
      LeftChild child, LeftChild.Standing standing, Optional<SegmentMap> lacks) {
    return with(child, standing, child.disturbances(), lacks, child.rebuild());
  }

  private static LeftChild with(
      LeftChild child,
      LeftChild.Standing standing,
      long disturbances,
      Optional<SegmentMap> lacks,
      Optional<LeftRebuild> rebuild) {
    return new LeftChild(
        child.index(),
        child.uri(),
        child.slot(),
        standing,
        disturbances,
        lacks,
        rebuild,
        child.reservation(),
        child.held(),
        child.mark());
  }

  private static LeftChild with(LeftChild child, long frontier) {
    return with(
        child,
        child.standing(),
        child.disturbances(),
        child.lacks(),
        child
            .rebuild()
            .map(one -> new LeftRebuild(one.paused(), one.startedAt(), frontier, 0, frontier)));
  }

  private static LeftChild opened(LeftChild child) {
    var was = child.standing();
    if (was.state() != ChildState.OUT_OF_SYNC) return child;
    var now =
        new LeftChild.Standing(
            ChildState.OPEN, ChildReason.NONE, "", was.since(), false, false, Optional.empty());
    return with(child, now, child.disturbances(), Optional.empty(), Optional.empty());
  }

  private static LeftChild heard(LeftChild child) {
    return with(
        child, child.standing(), child.slot().disturbances(), child.lacks(), child.rebuild());
  }

  @ParameterizedTest
  @EnumSource(Bug.class)
  void isFound(Bug bug) {
    long beganNs = System.nanoTime();
    int seeds = 0;
    boolean found = false;
    while (!found && seeds++ < MOST_SEEDS) found = fails(seeds, bug::in);
    assertTrue(found, bug + " was not found with " + MOST_SEEDS + " seeds");
    BugList.found(PlantedHandoverBugsTest.class, bug.text, seeds, beganNs);
  }

  @Test
  void withoutABugNothingIsFound() {
    Seeds.of(3).forEach(seed -> assertTrue(!fails(seed, UnaryOperator.identity())));
  }

  private static boolean fails(long seed, UnaryOperator<LeftNexus> courier) {
    try {
      var scenario = RebuildScenario.HANDED_OVER;
      var run = new RebuildRun(seed, scenario, new RebuildParts(seed), courier);
      var _ = run.run(scenario.operations());
      return false;
    } catch (AssertionError found) {
      return true;
    }
  }
}
