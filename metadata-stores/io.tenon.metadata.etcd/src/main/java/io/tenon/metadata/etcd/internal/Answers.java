package io.tenon.metadata.etcd.internal;

import io.grpc.Status;
import java.util.Objects;

/** What etcd's refusals mean; etcd 3.4 and 3.5, {@code api/v3rpc/rpctypes/error.go}. */
final class Answers {
  private Answers() {}

  /** What is known of a request that etcd may have heard of. */
  enum Verdict {
    /** Not done, and asking again may help. */
    NOT_DONE,
    /** Not done; the token is not taken any more. */
    LOG_IN,
    /** Not done, and will not be. */
    REFUSED,
    /** Not done: there is no such lease. */
    LEASE_GONE,
    /** Perhaps done. */
    UNKNOWN
  }

  /** Everything that is not known to be said before anything was done is {@link Verdict#UNKNOWN}. */
  static Verdict verdict(Status status) {
    String text = Objects.requireNonNullElse(status.getDescription(), "");
    return switch (status.getCode()) {
      case UNAUTHENTICATED -> Verdict.LOG_IN;
      case INVALID_ARGUMENT ->
          text.contains("revision of auth store is old") || text.contains("user name is empty")
              ? Verdict.LOG_IN
              : Verdict.REFUSED;
      case PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED -> Verdict.REFUSED;
      case NOT_FOUND -> text.contains("lease not found") ? Verdict.LEASE_GONE : Verdict.REFUSED;
      case RESOURCE_EXHAUSTED ->
          text.contains("database space exceeded")
              ? Verdict.REFUSED
              : text.contains("too many requests") ? Verdict.NOT_DONE : Verdict.UNKNOWN;
      case UNAVAILABLE ->
          // Said by the door keeper, before the request is looked at.
          text.equals("etcdserver: no leader") ? Verdict.NOT_DONE : Verdict.UNKNOWN;
      default -> Verdict.UNKNOWN;
    };
  }

  /** A user was given, and etcd has no users. */
  static boolean saysNoLogin(Status status) {
    return Objects.requireNonNullElse(status.getDescription(), "")
        .contains("authentication is not enabled");
  }

  static String remedy(Status status) {
    String text = Objects.requireNonNullElse(status.getDescription(), "");
    if (text.contains("database space exceeded")) {
      return "Compact and defragment etcd, then disarm its alarm: etcdctl alarm disarm.";
    }
    return switch (status.getCode()) {
      case UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT ->
          "Check user and password in etc/io.tenon.metadata.etcd.cfg, and the user's roles in etcd.";
      default -> "Check etcd's own log.";
    };
  }

  /** What a list at a fixed version was told when that version is not kept any more. */
  static boolean saysCompacted(String text) {
    return text.contains("has been compacted");
  }
}
