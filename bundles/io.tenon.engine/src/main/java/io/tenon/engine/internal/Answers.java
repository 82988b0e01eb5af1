package io.tenon.engine.internal;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.tenon.block.DeviceException;
import io.tenon.error.TenonException;
import io.tenon.nexus.NexusException;
import io.tenon.nvme.TargetException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what a call returns or throws into its one response. */
final class Answers {
  private static final Logger log = LoggerFactory.getLogger(Answers.class);

  /** The work of a call. */
  interface Call<R> {
    R run() throws TenonException, StatusException;
  }

  private Answers() {}

  static <R> void answer(StreamObserver<R> observer, Call<R> call) {
    R response;
    try {
      response = call.run();
    } catch (StatusException e) {
      observer.onError(e);
      return;
    } catch (TenonException e) {
      observer.onError(status(e).withDescription(e.getMessage()).asException());
      return;
    } catch (RuntimeException e) {
      log.error("A call failed by a bug of the engine", e);
      observer.onError(
          Status.INTERNAL
              .withDescription("The engine has a bug; its log has the details. " + e.getMessage())
              .asException());
      return;
    }
    observer.onNext(response);
    observer.onCompleted();
  }

  static StatusException invalid(String sentence) {
    return Status.INVALID_ARGUMENT.withDescription(sentence).asException();
  }

  static StatusException notFound(String sentence) {
    return Status.NOT_FOUND.withDescription(sentence).asException();
  }

  private static Status status(TenonException thrown) {
    return switch (thrown) {
      case DeviceException e -> ofDevice(e.kind());
      case NexusException e -> ofNexus(e.kind());
      case TargetException e -> ofTarget(e.kind());
      default -> Status.INTERNAL;
    };
  }

  private static Status ofDevice(DeviceException.Kind kind) {
    return switch (kind) {
      case NOT_FOUND -> Status.NOT_FOUND;
      case ALREADY_EXISTS -> Status.ALREADY_EXISTS;
      case INVALID_URI,
          UNKNOWN_SCHEME,
          INVALID_PARAMETER,
          IN_USE,
          UNSUPPORTED,
          MISMATCH,
          PERMISSION_DENIED,
          TIMED_OUT,
          IO ->
          Status.INVALID_ARGUMENT;
    };
  }

  private static Status ofNexus(NexusException.Kind kind) {
    return switch (kind) {
      case NAME_EXISTS -> Status.ALREADY_EXISTS;
      case UUID_EXISTS, INTERNAL -> Status.INTERNAL;
      case INVALID_ARGUMENT, CHILD, ALREADY_SHARED -> Status.INVALID_ARGUMENT;
      case CHILD_NOT_FOUND -> Status.NOT_FOUND;
      case STATE -> Status.FAILED_PRECONDITION;
    };
  }

  private static Status ofTarget(TargetException.Kind kind) {
    return switch (kind) {
      case ALREADY_SHARED, DEVICE_IN_USE, INVALID_ARGUMENT -> Status.INVALID_ARGUMENT;
      case LIMIT -> Status.RESOURCE_EXHAUSTED;
    };
  }
}
