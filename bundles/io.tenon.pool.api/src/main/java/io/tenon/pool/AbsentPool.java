package io.tenon.pool;

import java.time.Instant;
import java.util.UUID;

/**
 * A pool that this node had and that is not loaded. The node brings it back by itself as soon as it can.
 *
 * @param disk URI as given
 * @param since when it was looked for first
 * @param reason what is in the way; a sentence
 */
public record AbsentPool(String name, UUID uuid, String disk, Instant since, String reason) {}
