package io.tenon.metadata;

import java.time.Instant;

/**
 * How a store is, for people.
 *
 * @param kind of store, one word
 * @param place where it keeps things
 * @param problem why it cannot serve now, a sentence; empty when it can
 * @param since when it is as it is
 * @param version the greatest that this client has seen
 * @param watches open ones of this client
 * @param leases held ones of this client
 */
public record StoreStatus(
    String kind,
    String place,
    String problem,
    Instant since,
    Version version,
    int watches,
    int leases) {
  public boolean isAvailable() {
    return problem.isEmpty();
  }
}
