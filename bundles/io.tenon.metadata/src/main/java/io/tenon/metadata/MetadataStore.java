package io.tenon.metadata;

import java.time.Duration;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Durable facts, listed and watched by key prefix. No joins, no queries; values up to {@value Value#MOST_BYTES} bytes. What a call has
 * returned is durable, and every later call, of anyone, sees it.
 *
 * <p>Any thread; calls block on I/O, so never call it from a poll thread. Every call ends within its deadline and a moment.
 * How it ended is always told apart: it returned, so it was done; {@link OutcomeUnknownException}: perhaps it was done, or will be;
 * any other {@link StoreException}: it was certainly not done.
 */
@ProviderType
public interface MetadataStore {
  /**
   * @throws StoreUnavailableException when nothing could be read in time
   */
  Optional<Entry> get(Key key, Duration within) throws StoreException;

  /** All at one moment. */
  Listing list(Prefix prefix, Duration within) throws StoreException;

  /**
   * Does all or nothing.
   *
   * @return the store's version then, which the entries written have
   * @throws ConflictException if something is not as expected: read again, decide again
   * @throws LeaseLostException if a key was to be put with a lease that is not there any more
   * @throws StoreUnavailableException if it was certainly not done
   * @throws OutcomeUnknownException if it was perhaps done: read what is there before anything that relies on either
   */
  Version commit(Transaction transaction, Duration within) throws StoreException;

  /**
   * @param expected version last read, or {@link Version#NONE} to create
   * @throws ConflictException if another writer was first
   */
  default Version put(Key key, Value value, Version expected, Duration within)
      throws StoreException {
    return commit(Transaction.begin().expect(key, expected).put(key, value).end(), within);
  }

  /** Whatever was there. */
  default Version put(Key key, Value value, Duration within) throws StoreException {
    return commit(Transaction.begin().put(key, value).end(), within);
  }

  /**
   * @param expected version last read
   * @throws ConflictException if another writer was first
   */
  default Version delete(Key key, Version expected, Duration within) throws StoreException {
    return commit(Transaction.begin().expect(key, expected).delete(key).end(), within);
  }

  /** Whatever was there, and whether or not anything was. */
  default Version delete(Key key, Duration within) throws StoreException {
    return commit(Transaction.begin().delete(key).end(), within);
  }

  /** Tells what is there, then every change of it. Returns at once; the first event comes when the store can be read. */
  Watch watch(Prefix prefix, Watch.Listener listener);

  /**
   * Tells every change after a version that was read before.
   *
   * @param after {@link Listing#at}, or the version of the last event heard
   */
  Watch watch(Prefix prefix, Version after, Watch.Listener listener);

  /**
   * @param timeToLive at least 2 s; stores may make it longer
   * @throws OutcomeUnknownException when a lease was perhaps granted, which then ends by itself
   */
  Lease grant(Duration timeToLive, Lease.Listener listener, Duration within) throws StoreException;

  /**
   * Renews from now on a lease that another object for the same store has renewed so far, and does no more.
   *
   * @param timeToLive as it was granted
   * @throws LeaseLostException when it has ended
   * @throws StoreUnavailableException when it could not be asked; it may be there still
   */
  Lease adopt(LeaseId id, Duration timeToLive, Lease.Listener listener, Duration within)
      throws StoreException;

  /** Does no I/O. */
  StoreStatus status();
}
