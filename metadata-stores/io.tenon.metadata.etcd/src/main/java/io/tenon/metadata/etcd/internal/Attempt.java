package io.tenon.metadata.etcd.internal;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** One call to one endpoint, and whether any of it may have left this machine. */
final class Attempt<Q, R> {
  private static final long CANCEL_WITHIN_SECONDS = 10;

  private final ClientCall<Q, R> call;
  private final CompletableFuture<R> answer = new CompletableFuture<>();
  private volatile boolean sent;

  Attempt(Channel channel, MethodDescriptor<Q, R> method, CallOptions options, Q question) {
    call = channel.newCall(method, options.withStreamTracerFactory(new Witness()));
    ClientCalls.asyncUnaryCall(
        call,
        question,
        new StreamObserver<R>() {
          private @Nullable R value;

          @Override
          public void onNext(R answered) {
            value = answered;
          }

          @Override
          public void onError(Throwable problem) {
            answer.completeExceptionally(problem);
          }

          @Override
          public void onCompleted() {
            if (value != null) answer.complete(value);
            else onError(Status.INTERNAL.withDescription("no answer").asRuntimeException());
          }
        });
  }

  /** Sees the request pass from the channel, where it may wait for a connection, to the connection. */
  private final class Witness extends ClientStreamTracer.Factory {
    @Override
    public ClientStreamTracer newClientStreamTracer(
        ClientStreamTracer.StreamInfo info, Metadata headers) {
      return new ClientStreamTracer() {
        @Override
        public void outboundMessage(int number) {
          sent = true;
        }
      };
    }
  }

  /** True as soon as etcd may have heard of it; settled when {@link #await} has returned or thrown. */
  boolean wasSent() {
    return sent;
  }

  /**
   * @param sendWithinNs when it is not sent by then, it never will be
   * @throws StatusRuntimeException when there is no answer
   * @throws InterruptedException when the caller was; it is cancelled and settled then
   */
  R await(long sendWithinNs, long answerWithinNs) throws InterruptedException {
    try {
      return get(Math.min(sendWithinNs, answerWithinNs));
    } catch (TimeoutException e) {
      if (sent && answerWithinNs > sendWithinNs) return rest(answerWithinNs - sendWithinNs);
      throw cancelled(Status.DEADLINE_EXCEEDED.withDescription("no answer in time"));
    } catch (InterruptedException e) {
      cancelled(Status.CANCELLED.withDescription("the caller was interrupted"));
      throw e;
    }
  }

  private R rest(long withinNs) throws InterruptedException {
    try {
      return get(withinNs);
    } catch (TimeoutException e) {
      throw cancelled(Status.DEADLINE_EXCEEDED.withDescription("no answer in time"));
    }
  }

  private R get(long withinNs) throws InterruptedException, TimeoutException {
    try {
      return answer.get(withinNs, TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw Status.fromThrowable(e.getCause()).asRuntimeException();
    }
  }

  /** Afterwards nothing is sent any more. An answer that came meanwhile is lost, and is no worse than one that came too late. */
  private StatusRuntimeException cancelled(Status why) {
    call.cancel(why.getDescription(), null);
    boolean settled = false;
    try {
      var _ = answer.handle((_, _) -> true).get(CANCEL_WITHIN_SECONDS, TimeUnit.SECONDS);
      settled = true;
    } catch (TimeoutException | ExecutionException e) {
      sent = true; // nobody knows
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      sent = true;
    }
    return why.augmentDescription(settled ? "" : "and it could not be cancelled")
        .asRuntimeException();
  }
}
