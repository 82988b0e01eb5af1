package io.tenon.nexus;

import java.time.Instant;
import java.util.Optional;

/**
 * A child, for people and APIs.
 *
 * @param deviceName name of its block device; empty when it could not be opened
 * @param detail a sentence about the state: which I/O failed, how
 * @param since when it came into this state
 * @param waitsFor what would bring it to {@link ChildState#OPEN}; empty when it is
 * @param hasLog what it misses is being logged, so that coming back it need not be copied as a whole
 * @param mayReturn it can be brought online again; if not, remove it and add it anew
 * @param faultedAt when it left the I/O path
 */
public record ChildInfo(
    String uri,
    ChildState state,
    ChildReason reason,
    Optional<String> deviceName,
    String detail,
    Instant since,
    String waitsFor,
    boolean hasLog,
    boolean mayReturn,
    Optional<Instant> faultedAt) {}
