package io.tenon.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.Result.Status;
import org.junit.jupiter.api.Test;

class SwapsCheckTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final Instant STARTED = NOW.minus(Duration.ofDays(7));

  @Test
  void aNodeWithoutSwapsIsWell() {
    assertEquals(Status.OK, check().getStatus());
  }

  @Test
  void whatWasTakenBackIsToldForADayWithWhoWantedIt() {
    var result = check(swap(SwapResult.ROLLED_BACK, Duration.ofHours(23)));
    assertEquals(Status.WARN, result.getStatus());
    assertTrue(result.toString().contains("ann (ssh, 10.0.0.9) wanted"), result::toString);

    assertEquals(Status.OK, check(swap(SwapResult.ROLLED_BACK, Duration.ofHours(25))).getStatus());
  }

  @Test
  void aSwapThatWorkedEndsItAndOneThatWasRefusedDoesNot() {
    var back = swap(SwapResult.ROLLED_BACK, Duration.ofHours(2));

    assertEquals(Status.OK, check(back, swap(SwapResult.SWAPPED, Duration.ofHours(1))).getStatus());
    assertEquals(
        Status.WARN, check(back, swap(SwapResult.REFUSED, Duration.ofHours(1))).getStatus());
  }

  @Test
  void aBundleOfWhichNoVersionWorksIsCriticalUntilTheNodeIsStartedAgain() {
    assertEquals(Status.CRITICAL, check(swap(SwapResult.FAILED, Duration.ofDays(6))).getStatus());
    assertEquals(Status.OK, check(swap(SwapResult.FAILED, Duration.ofDays(8))).getStatus());
  }

  private static SwapRecord swap(SwapResult result, Duration ago) {
    return new SwapRecord(
        NOW.minus(ago),
        "ann (ssh, 10.0.0.9)",
        "io.tenon.backend.aio",
        "0.1.0",
        "0.2.0",
        result,
        List.of(),
        List.of(),
        Duration.ZERO,
        "It did not start.");
  }

  private static Result check(SwapRecord... history) {
    var swaps =
        (Swaps)
            Proxy.newProxyInstance(
                Swaps.class.getClassLoader(),
                new Class<?>[] {Swaps.class},
                (_, method, _) -> {
                  if (method.getName().equals("history")) return List.of(history);
                  throw new UnsupportedOperationException(method.getName());
                });
    return new SwapsCheck(swaps, Clock.fixed(NOW, ZoneOffset.UTC), STARTED).execute();
  }
}
