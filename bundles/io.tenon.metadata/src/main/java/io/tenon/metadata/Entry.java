package io.tenon.metadata;

import java.util.Optional;

/**
 * A key with its value.
 *
 * @param version of the transaction that wrote it
 * @param lease with which it ends
 */
public record Entry(Key key, Value value, Version version, Optional<LeaseId> lease) {}
