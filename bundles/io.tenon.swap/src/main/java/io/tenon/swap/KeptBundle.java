package io.tenon.swap;

import java.time.Instant;

/**
 * A bundle that runs in place of the distribution's.
 *
 * @param version of the one that runs
 * @param distributionVersion of the one that it stands for
 */
public record KeptBundle(
    String bundle, String version, String distributionVersion, Instant since, String by) {}
