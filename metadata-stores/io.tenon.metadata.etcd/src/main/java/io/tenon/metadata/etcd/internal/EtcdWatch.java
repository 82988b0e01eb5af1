package io.tenon.metadata.etcd.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.tenon.metadata.Change;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.Version;
import io.tenon.metadata.Watch;
import io.tenon.metadata.WatchEvent.Changed;
import io.tenon.metadata.WatchEvent.Current;
import io.tenon.metadata.WatchEvent.ReadAgain;
import io.tenon.metadata.delivery.WatchDelivery;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A watch and the thread that keeps it going: reads what is there, then follows a stream of changes; when the stream breaks, another one from
 * right after the last transaction that was told.
 */
final class EtcdWatch implements Watch {
  private static final Logger log = LoggerFactory.getLogger(EtcdWatch.class);
  private static final Duration READ_WITHIN = Duration.ofSeconds(10);
  private static final long CREATED_WITHIN_SECONDS = 5;
  private static final long FIRST_PAUSE_MS = 50;
  private static final long MOST_PAUSE_MS = 2_000;

  private final Calls calls;
  private final Ranges ranges;
  private final Health health;
  private final Prefix prefix;
  private final WatchDelivery delivery;
  private final Consumer<EtcdWatch> whenEnded;
  private final AtomicBoolean isEnded = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);

  /** Everything up to this was told; absent until what is there was read. Its thread and, while that waits, the stream's. */
  private volatile @Nullable Version told;

  private volatile @Nullable ClientCall<WatchRequest, WatchResponse> stream;

  EtcdWatch(
      Calls calls,
      Ranges ranges,
      Health health,
      Prefix prefix,
      @Nullable Version after,
      WatchDelivery delivery,
      Consumer<EtcdWatch> whenEnded) {
    this.calls = calls;
    this.ranges = ranges;
    this.health = health;
    this.prefix = prefix;
    this.told = after;
    this.delivery = delivery;
    this.whenEnded = whenEnded;
  }

  void start() {
    Thread.ofVirtual().name("tenon-etcd-watch").start(this::run);
  }

  private void run() {
    long pauseMs = FIRST_PAUSE_MS;
    try {
      while (!isEnded.get()) {
        var before = told;
        try {
          follow();
        } catch (StoreException e) {
          log.debug("Watch of {}: {}", prefix, e.getMessage());
        }
        if (!Objects.equals(told, before)) pauseMs = FIRST_PAUSE_MS;
        if (ended.await(pauseMs, TimeUnit.MILLISECONDS)) return;
        pauseMs = Math.min(2 * pauseMs, MOST_PAUSE_MS);
      }
    } catch (InterruptedException e) {
      readAgain("Its thread was interrupted.");
    }
  }

  /** Until the stream breaks. */
  private void follow() throws StoreException, InterruptedException {
    var from = told;
    if (from == null) {
      var listing = ranges.list(prefix, READ_WITHIN);
      if (!delivery.offer(new Current(listing))) end();
      from = listing.at();
      told = from;
    } else {
      var now = ranges.now(READ_WITHIN);
      if (from.isAfter(now)) {
        readAgain(
            "etcd is at version %s, which is before %s: it was restored from a copy, or is another one."
                .formatted(now, from));
      }
    }
    if (!isEnded.get()) stream(from);
  }

  private void stream(Version from) throws InterruptedException {
    var endpoint = calls.endpoint();
    var responses = new Responses();
    var call = calls.channel(endpoint).newCall(WatchGrpc.getWatchMethod(), CallOptions.DEFAULT);
    try {
      var questions = ClientCalls.asyncBidiStreamingCall(call, responses);
      stream = call;
      if (isEnded.get()) return;
      questions.onNext(
          WatchRequest.newBuilder()
              .setCreateRequest(
                  WatchCreateRequest.newBuilder()
                      .setKey(Messages.first(prefix))
                      .setRangeEnd(Messages.end(prefix))
                      .setStartRevision(from.value() + 1)
                      .setProgressNotify(true))
              .build());
      responses.created.get(CREATED_WITHIN_SECONDS, TimeUnit.SECONDS);
      health.works();
      responses.broken.get();
    } catch (TimeoutException e) {
      calls.failed(endpoint, "a watch was not begun within " + CREATED_WITHIN_SECONDS + " s");
    } catch (ExecutionException e) {
      var status = Status.fromThrowable(e.getCause());
      if (Answers.verdict(status) == Answers.Verdict.LOG_IN) calls.loginExpired();
      if (!isEnded.get()) calls.failed(endpoint, "a watch broke: " + status);
    } catch (IllegalStateException e) {
      if (!isEnded.get()) throw e; // else it was cancelled before it could ask
    } finally {
      call.cancel("the watch goes on elsewhere", null);
      // No response is told after the next stream has begun.
      responses.silence();
    }
  }

  /** What comes along one stream; one after the other. */
  private final class Responses implements StreamObserver<WatchResponse> {
    final CompletableFuture<Boolean> created = new CompletableFuture<>();
    final CompletableFuture<Boolean> broken = new CompletableFuture<>();
    private boolean silent;

    synchronized void silence() {
      silent = true;
    }

    @Override
    public synchronized void onNext(WatchResponse response) {
      if (silent) return;
      if (response.getCanceled()) {
        cancelled(response);
        return;
      }
      if (response.getCreated()) created.complete(true);
      try {
        tell(response.getEventsList());
      } catch (IllegalArgumentException e) {
        readAgain("There is something that Tenon did not write: " + e.getMessage() + ".");
      }
      boolean progress = response.getEventsCount() == 0 && !response.getCreated();
      if (progress) told = new Version(response.getHeader().getRevision());
    }

    private void cancelled(WatchResponse response) {
      if (response.getCompactRevision() != 0) {
        readAgain(
            "etcd remembers changes from version "
                + response.getCompactRevision()
                + " on, and this watch had heard them up to "
                + told
                + ".");
      }
      if (response.getCancelReason().contains("auth token")) calls.loginExpired();
      onError(Status.ABORTED.withDescription(response.getCancelReason()).asRuntimeException());
    }

    @Override
    public void onError(Throwable problem) {
      created.completeExceptionally(problem);
      broken.completeExceptionally(problem);
    }

    @Override
    public void onCompleted() {
      onError(Status.UNAVAILABLE.withDescription("etcd ended the stream").asRuntimeException());
    }
  }

  /** etcd never divides a transaction, and may put several into one response. */
  private void tell(List<Event> events) {
    for (int begin = 0, end; begin < events.size(); begin = end) {
      long revision = events.get(begin).getKv().getModRevision();
      end = begin + 1;
      while (end < events.size() && events.get(end).getKv().getModRevision() == revision) end++;
      var changes = new ArrayList<Change>();
      for (Event event : events.subList(begin, end)) changes.add(change(event));
      var at = new Version(revision);
      told = at;
      if (!delivery.offer(new Changed(at, changes))) {
        end(); // it has been told to read again
        return;
      }
    }
  }

  private static Change change(Event event) {
    ByteString key = event.getKv().getKey();
    return event.getType() == Event.EventType.DELETE
        ? new Change.Deleted(Messages.key(key))
        : new Change.Written(Messages.entry(event.getKv()));
  }

  void readAgain(String why) {
    if (isEnded.get()) return;
    delivery.offer(new ReadAgain(why));
    end();
  }

  private void end() {
    if (!isEnded.compareAndSet(false, true)) return;
    ended.countDown();
    whenEnded.accept(this);
    var open = stream;
    if (open != null) open.cancel("the watch has ended", null);
  }

  @Override
  public void close() {
    delivery.close();
    end();
  }
}
