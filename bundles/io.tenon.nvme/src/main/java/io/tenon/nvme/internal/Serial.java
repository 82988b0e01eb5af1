package io.tenon.nvme.internal;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;

/** Serial numbers: {@code DCS} and 17 hex digits of the SHA-256 of the device's uuid, so that every target of it agrees. */
final class Serial {
  private static final String PREFIX = "DCS";
  private static final int DIGITS = 17;

  private Serial() {}

  static String of(UUID uuid) {
    byte[] bytes =
        ByteBuffer.allocate(2 * Long.BYTES)
            .putLong(uuid.getMostSignificantBits())
            .putLong(uuid.getLeastSignificantBits())
            .array();
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return PREFIX + HexFormat.of().withUpperCase().formatHex(hash).substring(0, DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
