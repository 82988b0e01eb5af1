package io.tenon.reactor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.tenon.reactor.Reactor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The heap against a sorted list. */
class TimersTest {
  private record Waiting(int number, long atNs, Reactor.Timer timer) {}

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void timersComeInTimeOrderEqualOnesInTheOrderOfMakingAndCancelledOnesNever(long seed) {
    var random = new Random(seed);
    var timers = new Timers();
    List<Waiting> expected = new ArrayList<>();
    List<Integer> ran = new ArrayList<>();
    // Near the overflow of the clock: nanoTime has no meaning but its differences.
    long nowNs = Long.MAX_VALUE - 50_000;
    int made = 0;
    for (int step = 0; step < 20_000; step++) {
      switch (random.nextInt(4)) {
        case 0, 1 -> {
          int number = made++;
          long atNs = nowNs + random.nextInt(200);
          expected.add(new Waiting(number, atNs, timers.add(atNs, () -> ran.add(number))));
        }
        case 2 -> {
          if (!expected.isEmpty()) {
            var cancelled = expected.remove(random.nextInt(expected.size()));
            cancelled.timer().cancel();
            cancelled.timer().cancel();
          }
        }
        default -> {
          nowNs += random.nextInt(20);
          runDue(timers, nowNs, expected, ran);
        }
      }
      assertEquals(nextInNs(expected, nowNs), timers.nextInNs(nowNs));
    }
    runDue(timers, nowNs + 1000, expected, ran);
    assertNull(timers.pollDue(nowNs + 1000));
    assertEquals(-1, timers.nextInNs(nowNs));
  }

  private static void runDue(Timers timers, long nowNs, List<Waiting> expected, List<Integer> ran) {
    var due = new ArrayList<>(expected.stream().filter(w -> w.atNs() - nowNs <= 0).toList());
    due.sort(
        Comparator.<Waiting>comparingLong(w -> w.atNs() - nowNs).thenComparingInt(Waiting::number));
    expected.removeAll(due);
    ran.clear();
    for (var task = timers.pollDue(nowNs); task != null; task = timers.pollDue(nowNs)) task.run();
    assertEquals(due.stream().map(Waiting::number).toList(), ran);
    for (var finished : due) finished.timer().cancel();
  }

  private static long nextInNs(List<Waiting> expected, long nowNs) {
    return expected.stream().mapToLong(w -> Math.max(0, w.atNs() - nowNs)).min().orElse(-1);
  }
}
