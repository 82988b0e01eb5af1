package io.tenon.block;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * What a snapshot is asked to be. Nothing of it may be empty.
 *
 * @param entityId the volume that it is a snapshot of
 * @param txnId of the operation that made it
 */
public record SnapshotSpec(
    String name, UUID uuid, String entityId, String txnId, Instant createdAt) {
  private static final String ZONE = " UTC";

  /** As Mayastor writes times, on disks and in commands: {@code 2026-11-20 21:40:07.123456789 UTC}. */
  public static String timeText(Instant time) {
    return time.toString().replace("T", " ").replace("Z", ZONE);
  }

  /** Reads what {@link #timeText} writes; empty when it is something else. */
  public static Optional<Instant> time(String text) {
    if (!text.endsWith(ZONE)) return Optional.empty();
    String time = text.substring(0, text.length() - ZONE.length());
    try {
      return Optional.of(Instant.parse(time.replaceFirst(" ", "T") + "Z"));
    } catch (DateTimeException notATime) {
      return Optional.empty();
    }
  }
}
