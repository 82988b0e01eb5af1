package io.tenon.swap;

import java.time.Duration;

/**
 * How long I/O of a device had to wait.
 *
 * @param pause from the moment when nothing more was let in until I/O went on
 */
public record DevicePause(String device, Duration pause) {}
