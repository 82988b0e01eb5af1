package io.tenon.block;

import io.tenon.block.DeviceException.Kind;
import io.tenon.error.Check;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A slot's state, why it is in it, since when, and what it waits for. Under the slot's lock, but for {@link #state}. */
final class SlotStanding {
  private static final Logger log = LoggerFactory.getLogger(DeviceSlot.class);

  private final String name;
  private final InstantSource clock;
  private volatile SlotState state = SlotState.READY;
  private String reason = "It was opened.";
  private String waitsFor = "";
  private Instant since;

  SlotStanding(String name, InstantSource clock) {
    this.name = name;
    this.clock = clock;
    since = clock.instant();
  }

  /** Any thread. */
  SlotState state() {
    return state;
  }

  boolean is(SlotState which) {
    return state == which;
  }

  /** The one door between states. */
  void become(SlotState next, String why, String waits) {
    Check.that(SlotState.isLegal(state, next), "device %s: %s -> %s (%s)", name, state, next, why);
    log.info("device {}: {} -> {}: {}", name, state, next, why);
    state = next;
    reason = why;
    waitsFor = waits;
    since = clock.instant();
  }

  void waitsFor(String what) {
    waitsFor = what;
  }

  SlotStatus status(long inFlight, long parked) {
    String waits =
        state == SlotState.DRAINING && inFlight > 0
            ? inFlight + " requests in flight to end"
            : waitsFor;
    return new SlotStatus(state, reason, since, waits, inFlight, parked);
  }

  DeviceException hasFailed() {
    return new DeviceException(
        Kind.IO, "Block device " + name + " has failed.", reason, "Destroy it, or bring it back.");
  }
}
