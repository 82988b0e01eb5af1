package io.tenon.engine.internal;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.tenon.block.DeviceException;
import io.tenon.error.TenonException;
import io.tenon.nexus.NexusException;
import io.tenon.nvme.TargetException;
import io.tenon.pool.PoolException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what a call returns or throws into its response. */
final class Answers {
  private static final Logger log = LoggerFactory.getLogger(Answers.class);

  /** Leaves room for what else is in the trailers. */
  private static final int MAX_DESCRIPTION_HEADER_BYTES = 4096;

  /** The work of a call. */
  interface Call<R> {
    R run() throws TenonException, StatusException;
  }

  private Answers() {}

  static <R> void answer(StreamObserver<R> observer, Call<R> call) {
    stream(
        observer,
        () -> {
          R response = call.run();
          observer.onNext(response);
        });
  }

  /** The work of a call that answers as it goes. */
  interface Stream {
    void run() throws TenonException, StatusException;
  }

  static void stream(StreamObserver<?> observer, Stream call) {
    try {
      call.run();
    } catch (StatusException e) {
      refuse(observer, e.getStatus(), e.getTrailers());
      return;
    } catch (StatusRuntimeException e) {
      // Of a part that has gone meanwhile.
      refuse(observer, e.getStatus(), e.getTrailers());
      return;
    } catch (TenonException e) {
      refuse(observer, status(e).withDescription(e.getMessage()), null);
      return;
    } catch (RuntimeException | Error e) {
      log.error("A call failed by a bug of the engine", e);
      refuse(
          observer,
          Status.CANCELLED.withDescription("The engine has a bug; its log has the details. " + e),
          null);
      return;
    }
    observer.onCompleted();
  }

  private static void refuse(
      StreamObserver<?> observer, Status status, @Nullable Metadata trailers) {
    var description = status.getDescription();
    observer.onError(
        (description == null ? status : status.withDescription(shortened(description)))
            .asException(trailers));
  }

  /**
   * A description repeats what the request said, and travels in a header, where many clients take 8 KiB and end the call
   * with an error of their own when it is more.
   */
  static String shortened(String description) {
    int headerBytes = 0;
    for (int at = 0; at < description.length(); ) {
      int point = description.codePointAt(at);
      headerBytes += headerBytes(point);
      if (headerBytes > MAX_DESCRIPTION_HEADER_BYTES) return description.substring(0, at) + "…";
      at += Character.charCount(point);
    }
    return description;
  }

  /** In grpc-message all but printable ASCII, and the percent sign, is UTF-8 with each byte as %XX. */
  private static int headerBytes(int point) {
    if (point >= ' ' && point <= '~' && point != '%') return 1;
    return 3 * (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4);
  }

  static StatusException invalid(String sentence) {
    return Status.INVALID_ARGUMENT.withDescription(sentence).asException();
  }

  static StatusException invalid(String sentence, Exception cause) {
    return Status.INVALID_ARGUMENT.withDescription(sentence).withCause(cause).asException();
  }

  static StatusException precondition(String sentence) {
    return Status.FAILED_PRECONDITION.withDescription(sentence).asException();
  }

  static StatusException internal(String sentence) {
    return Status.INTERNAL.withDescription(sentence).asException();
  }

  static StatusException notFound(String sentence) {
    return Status.NOT_FOUND.withDescription(sentence).asException();
  }

  private static Status status(TenonException thrown) {
    return switch (thrown) {
      case DeviceException e -> ofDevice(e.kind());
      case NexusException e -> ofNexus(e.kind());
      case TargetException e -> ofTarget(e.kind());
      case PoolException e -> ofPool(e);
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
          NO_SPACE,
          TIMED_OUT,
          RESERVATION_CONFLICT,
          IO ->
          Status.INVALID_ARGUMENT;
    };
  }

  private static Status ofNexus(NexusException.Kind kind) {
    return switch (kind) {
      case NAME_EXISTS, CHILD_EXISTS -> Status.ALREADY_EXISTS;
      case UUID_EXISTS, INTERNAL -> Status.INTERNAL;
      case INVALID_ARGUMENT, CHILD, ALREADY_SHARED -> Status.INVALID_ARGUMENT;
      case CHILD_NOT_FOUND, REBUILD_NOT_FOUND -> Status.NOT_FOUND;
      case STATE -> Status.FAILED_PRECONDITION;
      case UNAVAILABLE -> Status.UNAVAILABLE;
    };
  }

  private static Status ofTarget(TargetException.Kind kind) {
    return switch (kind) {
      case ALREADY_SHARED, DEVICE_IN_USE, INVALID_ARGUMENT -> Status.INVALID_ARGUMENT;
      case LIMIT -> Status.RESOURCE_EXHAUSTED;
      case RESERVATIONS -> Status.INTERNAL;
    };
  }

  private static Status ofPool(PoolException e) {
    return switch (e.kind()) {
      case POOL_EXISTS, REPLICA_EXISTS -> Status.ALREADY_EXISTS;
      case POOL_NOT_FOUND, REPLICA_NOT_FOUND, REBUILD_NOT_FOUND, DISCARDED -> Status.NOT_FOUND;
      case OUT_OF_RANGE -> Status.OUT_OF_RANGE;
      case INVALID_ARGUMENT, DISK_HAS_DATA, NO_POOL, OTHER_POOL, TOO_LARGE, SHARE ->
          Status.INVALID_ARGUMENT;
      case DISK ->
          e.getCause() instanceof DeviceException disk
              ? ofDevice(disk.kind())
              : Status.INVALID_ARGUMENT;
      case NO_SPACE -> Status.RESOURCE_EXHAUSTED;
      case READ_ONLY -> Status.PERMISSION_DENIED;
      case IN_USE, SUSPENDED, NO_SOURCE -> Status.FAILED_PRECONDITION;
      case IO -> Status.DATA_LOSS;
      case BUSY, CANCELLED -> Status.ABORTED;
      case CLUSTER_SIZE, INTERNAL -> Status.INTERNAL;
    };
  }
}
