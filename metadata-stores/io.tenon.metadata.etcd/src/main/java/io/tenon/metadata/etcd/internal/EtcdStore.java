package io.tenon.metadata.etcd.internal;

import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.tenon.error.TenonException;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.Lease;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.Listing;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreStatus;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import io.tenon.metadata.delivery.WatchDelivery;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The store. It opens without asking etcd: a node must come up while etcd is away. */
final class EtcdStore implements MetadataStore, AutoCloseable {
  private static final String CLOSED = "The metadata store was closed.";

  private final String place;
  private final Endpoints endpoints;
  private final Health health;
  private final Versions versions = new Versions();
  private final Calls calls;
  private final Ranges ranges;
  private final Transactions transactions;
  private final Set<EtcdWatch> watches = ConcurrentHashMap.newKeySet();
  private final Set<EtcdLease> leases = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * @throws TenonException when the settings cannot be used
   */
  EtcdStore(Settings settings, InstantSource clock) throws TenonException {
    place =
        settings.endpoints().stream()
            .map(Settings.Address::toString)
            .collect(Collectors.joining(","));
    health = new Health(place, clock);
    endpoints = new Endpoints(settings);
    calls = new Calls(endpoints, settings, health);
    ranges = new Ranges(calls, versions);
    transactions = new Transactions(calls, versions);
  }

  private void mustBeOpen() throws StoreUnavailableException {
    if (closed) throw new StoreUnavailableException(CLOSED, "");
  }

  @Override
  public Optional<Entry> get(Key key, Duration within) throws StoreException {
    mustBeOpen();
    return ranges.get(key, within);
  }

  @Override
  public Listing list(Prefix prefix, Duration within) throws StoreException {
    mustBeOpen();
    return ranges.list(prefix, within);
  }

  @Override
  public Version commit(Transaction transaction, Duration within) throws StoreException {
    mustBeOpen();
    return transactions.commit(transaction, within);
  }

  @Override
  public Watch watch(Prefix prefix, Watch.Listener listener) {
    return begin(prefix, null, listener);
  }

  @Override
  public Watch watch(Prefix prefix, Version after, Watch.Listener listener) {
    return begin(prefix, after, listener);
  }

  private Watch begin(Prefix prefix, @Nullable Version after, Watch.Listener listener) {
    var delivery =
        new WatchDelivery(
            listener,
            Thread.ofVirtual().name("tenon-etcd-listener")::start,
            WatchDelivery.MOST_WAITING);
    var watch = new EtcdWatch(calls, ranges, health, prefix, after, delivery, watches::remove);
    watches.add(watch);
    if (closed) watch.readAgain(CLOSED);
    else watch.start();
    return watch;
  }

  @Override
  public Lease grant(Duration timeToLive, Lease.Listener listener, Duration within)
      throws StoreException {
    mustBeOpen();
    long askedNs = System.nanoTime();
    var answer =
        calls.change(
            LeaseGrpc.getLeaseGrantMethod(),
            LeaseGrantRequest.newBuilder().setTTL(seconds(timeToLive)).build(),
            within);
    var lease =
        new EtcdLease(
            calls,
            new LeaseId(answer.getID()),
            Duration.ofSeconds(answer.getTTL()),
            askedNs,
            listener,
            leases::remove);
    leases.add(lease);
    if (closed) lease.lose(CLOSED);
    else lease.start();
    return lease;
  }

  @Override
  public Lease adopt(LeaseId id, Duration timeToLive, Lease.Listener listener, Duration within)
      throws StoreException {
    mustBeOpen();
    // Nobody knows when it was renewed last.
    long heldNoMoreNs = System.nanoTime() - timeToLive.toNanos();
    var lease = new EtcdLease(calls, id, timeToLive, heldNoMoreNs, listener, leases::remove);
    lease.renewFirst(within);
    leases.add(lease);
    if (closed) lease.lose(CLOSED);
    else lease.start();
    return lease;
  }

  private static long seconds(Duration timeToLive) {
    return timeToLive.plusSeconds(1).minusNanos(1).toSeconds();
  }

  @Override
  public StoreStatus status() {
    return new StoreStatus(
        "etcd",
        place,
        health.problem(),
        health.since(),
        versions.greatest(),
        watches.size(),
        leases.size());
  }

  /** Leases are told as lost and end in etcd within their time to live. */
  @Override
  public void close() {
    closed = true;
    for (EtcdLease lease : List.copyOf(leases)) lease.lose(CLOSED);
    for (EtcdWatch watch : List.copyOf(watches)) watch.readAgain(CLOSED);
    endpoints.close();
  }
}
