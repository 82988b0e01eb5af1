package io.tenon.swap;

import java.time.Duration;

/**
 * Swaps by what came of them, for metrics.
 *
 * @param devicePauses how often a device had to wait
 * @param hostPauses how often a host's connection had to wait for a transport
 * @param brokenConnections of these, those that were broken
 * @param longestPause of any of them
 * @param totalPause of all of them together
 */
public record SwapCounters(
    long swapped,
    long rolledBack,
    long refused,
    long failed,
    long devicePauses,
    long hostPauses,
    long brokenConnections,
    Duration longestPause,
    Duration totalPause) {}
