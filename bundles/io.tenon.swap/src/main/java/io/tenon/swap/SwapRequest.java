package io.tenon.swap;

import java.net.URI;
import java.util.Optional;

/**
 * What is to be replaced by what.
 *
 * @param bundle symbolic name
 * @param source of the jar: {@code file:}, {@code http:} or {@code https:}
 * @param by who wants it, for people
 * @param deadlineMs how long the new bundle may take, from the stop of the old one until everything works again; 0 for the node's
 *     own choice
 * @param canary a block device of the bundle, or who has claimed one (a nexus, a pool), that tries the new bundle before all others; of pools and
 *     blobstores one that is alone on its pool, or the pool; of a transport also a shared one, or its NQN
 */
public record SwapRequest(
    String bundle, URI source, String by, long deadlineMs, Optional<String> canary) {
  /** For all at once. */
  public SwapRequest(String bundle, URI source, String by, long deadlineMs) {
    this(bundle, source, by, deadlineMs, Optional.empty());
  }
}
