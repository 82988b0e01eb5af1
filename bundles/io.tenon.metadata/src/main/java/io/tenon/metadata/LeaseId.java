package io.tenon.metadata;

/**
 * Which lease; stores write it in hexadecimal.
 *
 * @param value never 0
 */
public record LeaseId(long value) {
  public LeaseId {
    if (value == 0) throw new IllegalArgumentException("0 is no lease");
  }

  @Override
  public String toString() {
    return Long.toHexString(value);
  }
}
