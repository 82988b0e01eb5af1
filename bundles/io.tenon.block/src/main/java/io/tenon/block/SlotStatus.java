package io.tenon.block;

import java.time.Instant;

/**
 * A slot's state, for people and for decisions off the I/O path.
 *
 * @param reason why it is in this state; a sentence
 * @param since when it came into this state
 * @param waitsFor what has to happen for it to become ready; empty when it waits for nothing
 * @param inFlight requests that the device has now
 * @param parked requests that wait for the slot to become ready
 */
public record SlotStatus(
    SlotState state, String reason, Instant since, String waitsFor, long inFlight, long parked) {}
