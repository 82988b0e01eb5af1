package io.tenon.swap;

import java.time.Instant;

/**
 * A bundle that runs in place of the distribution's.
 *
 * @param version of the one that runs
 * @param sha256 of its jar, in hexadecimal digits
 * @param distributionVersion of the one that it stands for
 */
public record KeptBundle(
    String bundle,
    String version,
    String sha256,
    String distributionVersion,
    Instant since,
    String by) {}
