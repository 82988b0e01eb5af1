package io.tenon.metadata.etcd.internal;

import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthenticateRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.tenon.metadata.LeaseLostException;
import io.tenon.metadata.OutcomeUnknownException;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreRefusedException;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.etcd.internal.Endpoints.Endpoint;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Questions and changes, each within its deadline, through whichever endpoint answers. A question is asked again until then. A change is
 * sent once: as long as nothing of it has left this machine another endpoint can be tried; after that its answer is the only
 * one there is.
 */
final class Calls {
  private static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> HAS_LEADER =
      Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);
  private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int MOST_LOGINS = 3;
  private static final String REMEDY =
      "Check that etcd runs and can be reached from this node; it is asked again when needed.";

  private final Endpoints endpoints;
  private final Settings settings;
  private final Health health;

  /** Absent before a login, empty when etcd asks for none. */
  private volatile @Nullable String token;

  Calls(Endpoints endpoints, Settings settings, Health health) {
    this.endpoints = endpoints;
    this.settings = settings;
    this.health = health;
  }

  /** For streams, which see for themselves to their end. */
  Channel channel(Endpoint endpoint) {
    var headers = new Metadata();
    headers.put(HAS_LEADER, "true");
    var now = token;
    if (now != null && !now.isEmpty()) headers.put(TOKEN, now);
    return ClientInterceptors.intercept(
        endpoint.channel(), MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  Endpoint endpoint() {
    return endpoints.current();
  }

  void failed(Endpoint endpoint, String why) {
    endpoints.failed(endpoint, why);
  }

  /** Asks, and asks again. */
  <Q, R> R ask(MethodDescriptor<Q, R> method, Q question, Duration within) throws StoreException {
    return call(method, question, within, true);
  }

  /** Sends a change at most once. */
  <Q, R> R change(MethodDescriptor<Q, R> method, Q question, Duration within)
      throws StoreException {
    return call(method, question, within, false);
  }

  private <Q, R> R call(
      MethodDescriptor<Q, R> method, Q question, Duration within, boolean harmless)
      throws StoreException {
    long endNs = System.nanoTime() + within.toNanos();
    long patienceNs = settings.answerWithin().toNanos();
    int logins = 0;
    String why = "Its deadline of " + within.toMillis() + " ms has passed.";
    for (int failures = 0; ; failures++) {
      long leftNs = endNs - System.nanoTime();
      if (endpoints.isClosed()) throw unavailable("The metadata store was closed.");
      if (leftNs <= 0) throw unavailable(why);
      if (settings.login().isPresent() && token == null && logins++ < MOST_LOGINS) {
        logIn(Duration.ofNanos(leftNs));
        leftNs = endNs - System.nanoTime();
      }
      var endpoint = endpoints.current();
      var attempt = new Attempt<>(channel(endpoint), method, CallOptions.DEFAULT, question);
      try {
        R answer = attempt.await(patienceNs, harmless ? Math.min(patienceNs, leftNs) : leftNs);
        health.works();
        return answer;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw attempt.wasSent() && !harmless
            ? new OutcomeUnknownException("The caller was interrupted.")
            : new StoreUnavailableException("The caller was interrupted.", "");
      } catch (StatusRuntimeException e) {
        var status = e.getStatus();
        why = "etcd at " + endpoint.address() + ": " + text(status) + ".";
        if (attempt.wasSent()) {
          var verdict = Answers.verdict(status);
          if (verdict == Answers.Verdict.LOG_IN
              && settings.login().isPresent()
              && logins < MOST_LOGINS) {
            token = null;
            continue;
          }
          if (verdict == Answers.Verdict.REFUSED || verdict == Answers.Verdict.LOG_IN) {
            throw refused(status, why);
          }
          if (verdict == Answers.Verdict.LEASE_GONE)
            throw new LeaseLostException("it was put with");
          if (verdict == Answers.Verdict.UNKNOWN && !harmless) {
            endpoints.failed(endpoint, text(status));
            throw unknown(why);
          }
        }
        endpoints.failed(endpoint, text(status));
        if (failures % endpoints.count() == endpoints.count() - 1) {
          patienceNs *= 2;
          LockSupport.parkNanos(Math.min(PAUSE_NS, Math.max(0, endNs - System.nanoTime())));
        }
      }
    }
  }

  private void logIn(Duration within) throws StoreException {
    var login = settings.login().orElseThrow();
    long endNs = System.nanoTime() + within.toNanos();
    var question =
        AuthenticateRequest.newBuilder()
            .setName(login.user())
            .setPassword(login.password())
            .build();
    var endpoint = endpoints.current();
    var attempt =
        new Attempt<>(
            endpoint.channel(), AuthGrpc.getAuthenticateMethod(), CallOptions.DEFAULT, question);
    try {
      long leftNs = Math.min(settings.answerWithin().toNanos(), endNs - System.nanoTime());
      token = attempt.await(leftNs, leftNs).getToken();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreUnavailableException("The caller was interrupted.", "");
    } catch (StatusRuntimeException e) {
      String why =
          "Login as "
              + login.user()
              + " at "
              + endpoint.address()
              + ": "
              + text(e.getStatus())
              + ".";
      if (Answers.saysNoLogin(e.getStatus())) {
        token = ""; // etcd asks for none
        return;
      }
      if (attempt.wasSent() && Answers.verdict(e.getStatus()) == Answers.Verdict.REFUSED) {
        throw refused(e.getStatus(), why);
      }
      endpoints.failed(endpoint, text(e.getStatus()));
      health.fails(why);
    }
  }

  /** A stream was told that its token is not known any more. */
  void loginExpired() {
    token = null;
  }

  private StoreUnavailableException unavailable(String why) {
    health.fails(why);
    return new StoreUnavailableException(why, REMEDY);
  }

  private OutcomeUnknownException unknown(String why) {
    health.fails(why);
    return new OutcomeUnknownException(why);
  }

  private static StoreRefusedException refused(Status status, String why) {
    return new StoreRefusedException(why, Answers.remedy(status));
  }

  private static String text(Status status) {
    String text =
        Optional.ofNullable(status.getDescription())
            .filter(description -> !description.isBlank())
            .orElse(Objects.toString(status.getCode()));
    // gRPC says "io exception", its cause says which one.
    var cause = status.getCause();
    if (cause != null && cause.getMessage() != null) text += ", " + cause.getMessage();
    return text.replaceAll("\\s+", " ");
  }
}
