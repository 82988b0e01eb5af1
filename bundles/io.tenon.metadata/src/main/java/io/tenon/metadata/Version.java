package io.tenon.metadata;

/**
 * When something was changed, as a number that grows with each transaction of the store. The version of an entry is that of
 * the transaction that wrote it last.
 *
 * @param value 0 only for {@link #NONE}
 */
public record Version(long value) implements Comparable<Version> {
  /** Of a key that is not there, and of a store in which nothing ever was. */
  public static final Version NONE = new Version(0);

  public Version {
    if (value < 0) throw new IllegalArgumentException("a version is >= 0, was " + value);
  }

  public boolean isAfter(Version other) {
    return value > other.value;
  }

  @Override
  public int compareTo(Version other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
