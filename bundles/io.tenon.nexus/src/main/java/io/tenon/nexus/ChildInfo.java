package io.tenon.nexus;

import java.time.Instant;
import java.util.Optional;

/**
 * A child, for people and APIs.
 *
 * @param deviceName name of its block device; empty when it could not be opened
 * @param detail a sentence about the state: which I/O failed, how
 * @param faultedAt when it left the I/O path
 */
public record ChildInfo(
    String uri,
    ChildState state,
    ChildReason reason,
    Optional<String> deviceName,
    String detail,
    Optional<Instant> faultedAt) {}
