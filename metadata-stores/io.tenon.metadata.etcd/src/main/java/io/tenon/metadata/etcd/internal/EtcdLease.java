package io.tenon.metadata.etcd.internal;

import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.grpc.CallOptions;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.tenon.metadata.Lease;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.LeaseLostException;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreUnavailableException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lease and the thread that renews it. It is held for its time to live, counted on this machine's clock from when the last renewal that
 * was answered had been asked for: etcd cannot have counted less.
 */
final class EtcdLease implements Lease {
  private static final Logger log = LoggerFactory.getLogger(EtcdLease.class);

  /** Renewals in a time to live. */
  private static final int RENEWALS = 4;

  private static final long SOONEST_AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Who keeps the books. */
  interface Owner {
    void ended(EtcdLease lease);
  }

  private final Calls calls;
  private final LeaseId id;
  private final Duration timeToLive;
  private final Lease.Listener listener;
  private final Owner owner;
  private final AtomicBoolean ended = new AtomicBoolean();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile long heldUntilNs;

  /**
   * @param askedNs when it was asked for
   */
  EtcdLease(
      Calls calls,
      LeaseId id,
      Duration timeToLive,
      long askedNs,
      Lease.Listener listener,
      Owner owner) {
    this.calls = calls;
    this.id = id;
    this.timeToLive = timeToLive;
    this.heldUntilNs = askedNs + timeToLive.toNanos();
    this.listener = listener;
    this.owner = owner;
  }

  void start() {
    Thread.ofVirtual().name("tenon-etcd-lease-" + id).start(this::renew);
  }

  @Override
  public LeaseId id() {
    return id;
  }

  @Override
  public Duration timeToLive() {
    return timeToLive;
  }

  @Override
  public Duration heldFor() {
    return ended.get()
        ? Duration.ZERO
        : Duration.ofNanos(Math.max(0, heldUntilNs - System.nanoTime()));
  }

  private void renew() {
    long pauseNs = timeToLive.toNanos() / RENEWALS;
    long nextNs = System.nanoTime() + pauseNs;
    try {
      while (!stopped.await(
          Math.min(nextNs, heldUntilNs) - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        long nowNs = System.nanoTime();
        if (nowNs - heldUntilNs >= 0) {
          lose("It could not be renewed within " + timeToLive.toSeconds() + " s.");
          return;
        }
        boolean renewed = renewOnce(Math.min(pauseNs, heldUntilNs - nowNs));
        nextNs = renewed ? nowNs + pauseNs : System.nanoTime() + SOONEST_AGAIN_NS;
      }
    } catch (InterruptedException e) {
      lose("Its thread was interrupted.");
    }
  }

  /** Of a lease that another client of etcd has renewed so far. */
  void renewFirst(Duration within) throws StoreException {
    try {
      switch (ask(within.toNanos())) {
        case RENEWED -> {}
        case GONE -> throw new LeaseLostException(id.toString());
        case NO_ANSWER ->
            throw new StoreUnavailableException(
                "etcd did not renew lease %s within %d ms."
                    .formatted(id, TimeUnit.NANOSECONDS.toMillis(within.toNanos())),
                "");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreUnavailableException("The renewal of lease " + id + " was interrupted.", "");
    }
  }

  private boolean renewOnce(long withinNs) throws InterruptedException {
    var answer = ask(withinNs);
    if (answer == Answer.GONE) lose("etcd does not know it any more.");
    return answer == Answer.RENEWED;
  }

  private enum Answer {
    RENEWED,
    GONE,
    NO_ANSWER
  }

  private Answer ask(long withinNs) throws InterruptedException {
    var endpoint = calls.endpoint();
    var answer = new CompletableFuture<LeaseKeepAliveResponse>();
    long askedNs = System.nanoTime();
    var call =
        calls.channel(endpoint).newCall(LeaseGrpc.getLeaseKeepAliveMethod(), CallOptions.DEFAULT);
    try {
      var questions = ClientCalls.asyncBidiStreamingCall(call, new First(answer));
      questions.onNext(LeaseKeepAliveRequest.newBuilder().setID(id.value()).build());
      long secondsLeft = answer.get(withinNs, TimeUnit.NANOSECONDS).getTTL();
      if (secondsLeft <= 0) return Answer.GONE;
      heldUntilNs = askedNs + TimeUnit.SECONDS.toNanos(secondsLeft);
      return Answer.RENEWED;
    } catch (TimeoutException e) {
      failed(endpoint, "no answer to the renewal of lease " + id);
      return Answer.NO_ANSWER;
    } catch (ExecutionException e) {
      var status = Status.fromThrowable(e.getCause());
      if (Answers.verdict(status) == Answers.Verdict.LOG_IN) calls.loginExpired();
      failed(endpoint, "renewal of lease " + id + ": " + status);
      return Answer.NO_ANSWER;
    } finally {
      call.cancel("one answer is enough", null);
    }
  }

  private void failed(Endpoints.Endpoint endpoint, String why) {
    log.debug("etcd at {}: {}", endpoint.address(), why);
    calls.failed(endpoint, why);
  }

  /** The first answer of a stream. */
  private record First(CompletableFuture<LeaseKeepAliveResponse> answer)
      implements StreamObserver<LeaseKeepAliveResponse> {
    @Override
    public void onNext(LeaseKeepAliveResponse value) {
      answer.complete(value);
    }

    @Override
    public void onError(Throwable problem) {
      answer.completeExceptionally(problem);
    }

    @Override
    public void onCompleted() {
      answer.completeExceptionally(Status.UNAVAILABLE.asRuntimeException());
    }
  }

  /** Tells its holder, once. */
  void lose(String why) {
    if (!end()) return;
    log.warn("Lease {} is lost: {}", id, why);
    listener.lost(id, why);
  }

  private boolean end() {
    boolean first = ended.compareAndSet(false, true);
    stopped.countDown();
    if (first) owner.ended(this);
    return first;
  }

  @Override
  public void revoke(Duration within) throws StoreException {
    end();
    try {
      var _ =
          calls.change(
              LeaseGrpc.getLeaseRevokeMethod(),
              LeaseRevokeRequest.newBuilder().setID(id.value()).build(),
              within);
    } catch (LeaseLostException e) {
      log.debug("Lease {} had ended before it was revoked", id);
    }
  }
}
