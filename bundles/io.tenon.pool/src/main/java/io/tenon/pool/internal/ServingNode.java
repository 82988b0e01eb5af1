package io.tenon.pool.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The node that serves a pool, as the pool's disk says: so a node that was away finds out that its pool lives elsewhere now. The
 * original neither reads nor changes it.
 *
 * @param id of the node's data folder
 * @param name for people
 */
record ServingNode(UUID id, String name) {
  static final String ATTRIBUTE = "io.tenon.node";

  private static final int UUID_LENGTH = 36;

  byte[] value() {
    return (id + " " + name).getBytes(UTF_8);
  }

  /** What is no such value is absent. */
  static Optional<ServingNode> of(Map<String, byte[]> xattrs) {
    var text = Lvol.text(xattrs, ATTRIBUTE).orElse("");
    if (text.length() <= UUID_LENGTH) return Optional.empty();
    return Lvol.uuid(Optional.of(text.substring(0, UUID_LENGTH)))
        .map(id -> new ServingNode(id, text.substring(UUID_LENGTH + 1)));
  }

  boolean is(ServingNode other) {
    return id.equals(other.id);
  }

  @Override
  public String toString() {
    return "node %s (%s)".formatted(name, id);
  }
}
