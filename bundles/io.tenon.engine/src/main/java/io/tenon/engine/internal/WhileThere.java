package io.tenon.engine.internal;

import io.grpc.Context;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Has calls of a service wait while a part is away that they need, and keeps what is there for as long as they run. So that a part can be replaced below clients, who
 * stay connected.
 */
final class WhileThere implements ServerInterceptor {
  private final List<MovingPart<?>> needs;
  private final long waitNs;

  private WhileThere(List<MovingPart<?>> needs, long waitNs) {
    this.needs = needs;
    this.waitNs = waitNs;
  }

  /**
   * @param waitMs a call waits so long for parts that are away, but not beyond its own deadline
   */
  static ServerServiceDefinition serves(Offered offered, long waitMs) {
    if (offered.needs().isEmpty()) return offered.service();
    return ServerInterceptors.intercept(
        offered.service(), new WhileThere(offered.needs(), TimeUnit.MILLISECONDS.toNanos(waitMs)));
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    var needing = new Needing<>(call);
    return new SimpleForwardingServerCallListener<>(next.startCall(needing, headers)) {
      // All requests here are of one message: now the work begins, and it has ended when this
      // returns.
      @Override
      public void onHalfClose() {
        if (!needing.hold()) return;
        try {
          super.onHalfClose();
        } finally {
          needing.release();
        }
      }
    };
  }

  /** A call and the parts that it works with. */
  private final class Needing<Q, R> extends SimpleForwardingServerCall<Q, R> {
    /** The call's own thread changes it; a stream's answers may end on another one. */
    private volatile List<MovingPart.Present<?>> held = List.of();

    Needing(ServerCall<Q, R> call) {
      super(call);
    }

    /**
     * Waits until all are there.
     *
     * @return false when the call has been ended instead
     */
    boolean hold() {
      long patienceNs = patienceNs();
      long endNs = System.nanoTime() + patienceNs;
      try {
        while (true) {
          var missing = tryAll();
          if (missing.isEmpty()) break;
          if (missing.get().await(endNs - System.nanoTime())) continue;
          var away = MovingPart.away(missing.get().name());
          boolean isLate = patienceNs < waitNs;
          super.close(
              isLate ? Status.DEADLINE_EXCEEDED.withDescription(away.getDescription()) : away,
              new Metadata());
          return false;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        super.close(Status.UNAVAILABLE.withDescription("The API stops."), new Metadata());
        return false;
      }
      if (!Context.current().isCancelled()) return true;
      // Nobody is to be surprised by what a call does whose caller has gone.
      release();
      super.close(
          Status.CANCELLED.withDescription("It was given up while it waited."), new Metadata());
      return false;
    }

    /** Of all or of none: who waits for one must not keep another from going. */
    private Optional<MovingPart<?>> tryAll() {
      var got = new ArrayList<MovingPart.Present<?>>();
      for (MovingPart<?> part : needs) {
        var present = part.hold();
        if (present.isEmpty()) {
          got.forEach(MovingPart.Present::release);
          return Optional.of(part);
        }
        got.add(present.get());
      }
      held = List.copyOf(got);
      return Optional.empty();
    }

    void release() {
      held.forEach(MovingPart.Present::release);
    }

    /** What a part answers that is on its way out says nothing of the request. */
    @Override
    public void close(Status status, Metadata trailers) {
      var gone = held.stream().filter(MovingPart.Present::isGone).findFirst();
      boolean untold = !status.isOk() && status.getCode() != Status.Code.UNAVAILABLE;
      if (gone.isEmpty() || !untold) super.close(status, trailers);
      else super.close(instead(gone.get().name(), status), trailers);
    }

    private Status instead(String name, Status status) {
      return Status.UNAVAILABLE.withDescription(
          Answers.shortened(
              "%s was replaced while the call was under way. Ask again. It said: %s %s"
                  .formatted(name, status.getCode(), status.getDescription())));
    }
  }

  private long patienceNs() {
    var deadline = Context.current().getDeadline();
    return deadline == null
        ? waitNs
        : Math.min(waitNs, deadline.timeRemaining(TimeUnit.NANOSECONDS));
  }
}
