package io.tenon.metadata;

import java.time.Duration;
import org.osgi.annotation.versioning.ConsumerType;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A claim to be alive. Keys that were put with it are deleted when it ends: when it is revoked, or when its holder could not
 * renew it for its time to live. The store renews it by itself until then.
 */
@ProviderType
public interface Lease {
  LeaseId id();

  /** What the store granted; it may be more than was asked for. */
  Duration timeToLive();

  /** How long it is certain, by this machine's clock and without another renewal, that no one else sees it ended. Does no I/O. */
  Duration heldFor();

  /** Whether that is certain now. */
  default boolean isHeld() {
    return heldFor().isPositive();
  }

  /**
   * Ends it; its keys go in one transaction. Its holder's listener is not called. Once called it is not renewed any more, so
   * after an error it ends by itself within its time to live.
   *
   * @throws OutcomeUnknownException as any change
   */
  void revoke(Duration within) throws StoreException;

  /** Is told once that a lease is lost, before or when others can see it; not when it was revoked. */
  @ConsumerType
  @FunctionalInterface
  interface Listener {
    /**
     * On a thread of the store; must not block for long.
     *
     * @param why a sentence
     */
    void lost(LeaseId lease, String why);
  }
}
