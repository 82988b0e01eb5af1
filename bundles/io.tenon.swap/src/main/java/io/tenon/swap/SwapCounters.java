package io.tenon.swap;

import java.time.Duration;

/** Swaps by what came of them, for metrics. */
public record SwapCounters(
    long swapped, long rolledBack, long refused, long failed, Duration longestPause) {}
