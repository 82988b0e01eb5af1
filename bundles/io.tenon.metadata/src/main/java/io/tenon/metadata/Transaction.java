package io.tenon.metadata;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Several changes that happen all or not at all, under conditions. At most {@value #MOST_OPERATIONS} conditions, as many changes, and
 * {@value #MOST_BYTES} bytes of keys and values: what stores out there take in one request.
 */
public final class Transaction {
  public static final int MOST_OPERATIONS = 100;
  public static final int MOST_BYTES = 1 << 20;

  /** One change of one key. */
  public sealed interface Operation {
    Key key();

    record Put(Key key, Value value, Optional<LeaseId> lease) implements Operation {}

    record Delete(Key key) implements Operation {}
  }

  private final Map<Key, Version> expected;
  private final Map<Key, Operation> operations;

  private Transaction(Map<Key, Version> expected, Map<Key, Operation> operations) {
    this.expected = Collections.unmodifiableMap(new LinkedHashMap<>(expected));
    this.operations = Collections.unmodifiableMap(new LinkedHashMap<>(operations));
  }

  public static Builder begin() {
    return new Builder();
  }

  /** The version that each of these keys must have; {@link Version#NONE} when it must not be there. */
  public Map<Key, Version> expected() {
    return expected;
  }

  public Collection<Operation> operations() {
    return operations.values();
  }

  @Override
  public String toString() {
    return operations.keySet().toString();
  }

  /** Collects what belongs together. Misuse throws {@link IllegalArgumentException}. */
  public static final class Builder {
    private final Map<Key, Version> expected = new LinkedHashMap<>();
    private final Map<Key, Operation> operations = new LinkedHashMap<>();
    private int bytes;

    private Builder() {}

    /**
     * @param version that the key must have, or {@link Version#NONE} if it must not be there
     */
    public Builder expect(Key key, Version version) {
      if (expected.size() == MOST_OPERATIONS) throw tooMuch();
      if (expected.putIfAbsent(key, version) != null) throw twice(key);
      return this;
    }

    public Builder put(Key key, Value value) {
      return add(new Operation.Put(key, value, Optional.empty()), value.length());
    }

    /** The key goes when the lease ends. */
    public Builder put(Key key, Value value, LeaseId lease) {
      return add(new Operation.Put(key, value, Optional.of(lease)), value.length());
    }

    /** Nothing happens when it is not there. */
    public Builder delete(Key key) {
      return add(new Operation.Delete(key), 0);
    }

    private Builder add(Operation operation, int valueBytes) {
      bytes += operation.key().bytes().length + valueBytes;
      if (operations.size() == MOST_OPERATIONS || bytes > MOST_BYTES) throw tooMuch();
      if (operations.putIfAbsent(operation.key(), operation) != null) throw twice(operation.key());
      return this;
    }

    private static IllegalArgumentException twice(Key key) {
      return new IllegalArgumentException(
          "a transaction names each key once, and " + key + " twice");
    }

    private static IllegalArgumentException tooMuch() {
      return new IllegalArgumentException(
          "a transaction has at most %d operations and %d bytes"
              .formatted(MOST_OPERATIONS, MOST_BYTES));
    }

    public Transaction end() {
      if (expected.isEmpty() && operations.isEmpty()) {
        throw new IllegalArgumentException("a transaction does or expects something");
      }
      return new Transaction(expected, operations);
    }
  }
}
