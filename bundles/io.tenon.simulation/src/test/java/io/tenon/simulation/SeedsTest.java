package io.tenon.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class SeedsTest {
  @Test
  void seedsThatEverFailedComeFirstAndFreshOnesFollow() {
    Assumptions.assumeTrue(Seeds.areUsual());
    long[] all = Seeds.fresh(SeedsTest.class, 5).toArray();
    assertArrayEquals(new long[] {12, 7_000_000_000L}, java.util.Arrays.copyOf(all, 2));
    assertEquals(7, all.length);
    for (int i = 3; i < all.length; i++) assertEquals(all[i - 1] + 1, all[i]);
  }

  @Test
  void seedsThatEverFailedComeFirstAndTheSameOnesFollow() {
    Assumptions.assumeTrue(Seeds.areUsual());
    assertArrayEquals(
        new long[] {12, 7_000_000_000L, 1, 2}, Seeds.of(SeedsTest.class, 2).toArray());
  }

  @Test
  void someSeedsAreRunTwiceTheOthersOnce() {
    var run = new ArrayList<Long>();
    for (long seed = 1; seed <= 6; seed++) {
      long _ =
          Seeds.runSomeTwice(
              seed,
              3,
              one -> {
                run.add(one);
                return one;
              });
    }
    assertEquals(List.of(1L, 2L, 3L, 3L, 4L, 5L, 6L, 6L), run);
  }

  @Test
  void noWorldBeginsWithoutRoomOutsideTheHeap() {
    long perSeed = Runtime.getRuntime().maxMemory() / 10;
    for (long seed = 1; seed <= 12; seed++) {
      long room =
          Seeds.run(
              seed,
              one -> {
                long hadRoom = NativeMemory.hasRoom() ? 1 : 0;
                var _ = Arena.ofAuto().allocate(perSeed);
                return hadRoom;
              });
      assertEquals(1, room, "before seed " + seed);
    }
  }

  @Test
  void aStoryRemembersTheLastThingsAndHowManyCameBefore() {
    var world = new SimWorld(new java.util.SplittableRandom(1));
    var story = new Story(world);
    for (int i = 1; i <= 1000; i++) story.tell("node", "thing " + i);
    String text = story.toString();
    assertTrue(text.startsWith("What happened, after 850 things before:"), text);
    assertTrue(text.contains("thing 1000") && !text.contains("thing 850\n"), text);
  }

  @Test
  void aSuiteThatSimulatesLessThanBeforeFails() {
    Assumptions.assumeTrue(Seeds.areUsual());
    Tally.close(SeedsTest.class, 0, 0);
    Tally.io();
    var shrunk = assertThrows(AssertionError.class, () -> Tally.close(SeedsTest.class, 2, 0));
    assertTrue(shrunk.getMessage().contains("SeedsTest 1 I/Os 0 faults"), shrunk.getMessage());
  }
}
