package io.tenon.health.internal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.Result.Status;
import org.apache.felix.hc.api.execution.HealthCheckExecutionOptions;
import org.apache.felix.hc.api.execution.HealthCheckExecutionResult;
import org.apache.felix.hc.api.execution.HealthCheckExecutor;
import org.apache.felix.hc.api.execution.HealthCheckMetadata;
import org.apache.felix.hc.api.execution.HealthCheckSelector;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the checks, all at once, each on a thread of its own; whoever asks has an answer in time, also from one that hangs. Nothing is
 * kept or asked when nobody wants to know. Those of strangers are asked as well: every service {@link HealthCheck}.
 */
@Component(service = HealthCheckExecutor.class)
public final class Examiner implements HealthCheckExecutor {
  private static final Logger log = LoggerFactory.getLogger(Examiner.class);

  /** Longer than a check of ours waits for what it looks at. */
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final BundleContext context;

  /** By service id. A check that hangs is not asked again, or its threads would become more and more. */
  private final Map<Long, CompletableFuture<Answer>> asked = new ConcurrentHashMap<>();

  @Activate
  public Examiner(BundleContext context) {
    this.context = context;
  }

  @Override
  public List<HealthCheckExecutionResult> execute(HealthCheckSelector selector) {
    return execute(selector, new HealthCheckExecutionOptions());
  }

  @Override
  public List<HealthCheckExecutionResult> execute(
      HealthCheckSelector selector, HealthCheckExecutionOptions options) {
    long deadlineMs =
        options.getOverrideGlobalTimeout() > 0
            ? options.getOverrideGlobalTimeout()
            : DEADLINE.toMillis();
    long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(deadlineMs);
    var selection = Selection.of(selector, options.isCombineTagsWithOr());
    record Pending(HealthCheckMetadata check, CompletableFuture<Answer> answer) {}
    var pending = new ArrayList<Pending>();
    for (var reference : checks()) {
      var check = new HealthCheckMetadata(reference);
      if (selection.takes(check)) pending.add(new Pending(check, ask(reference, check)));
    }
    var answers = new ArrayList<HealthCheckExecutionResult>();
    for (var one : pending) answers.add(await(one.check(), one.answer(), endNs, deadlineMs));
    answers.sort(Comparator.comparing(answer -> answer.getHealthCheckMetadata().getTitle()));
    return answers;
  }

  private List<ServiceReference<HealthCheck>> checks() {
    try {
      return List.copyOf(context.getServiceReferences(HealthCheck.class, null));
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException("no filter is no filter", e);
    }
  }

  private CompletableFuture<Answer> ask(
      ServiceReference<HealthCheck> reference, HealthCheckMetadata check) {
    return asked.computeIfAbsent(
        check.getServiceId(),
        id -> {
          var answer = new CompletableFuture<Answer>();
          Thread.ofVirtual()
              .name("health-" + check.getTitle())
              .start(
                  () -> {
                    var said = answer(reference, check);
                    asked.remove(id, answer);
                    answer.complete(said);
                  });
          return answer;
        });
  }

  private Answer answer(ServiceReference<HealthCheck> reference, HealthCheckMetadata check) {
    long began = System.nanoTime();
    var result = result(reference, check);
    return new Answer(check, result, Duration.ofNanos(System.nanoTime() - began), false);
  }

  private Result result(ServiceReference<HealthCheck> reference, HealthCheckMetadata check) {
    HealthCheck service = null;
    try {
      service = context.getService(reference);
      if (service == null) return gone();
      var result = service.execute();
      return result == null ? failed(check, new IllegalStateException("it said nothing")) : result;
    } catch (RuntimeException | LinkageError e) {
      return failed(check, e);
    } finally {
      if (service != null) context.ungetService(reference);
    }
  }

  private static Result gone() {
    return new Findings()
        .warn("What it looks at is just being replaced.", "Ask again in a moment.")
        .orElse("");
  }

  /** Of a stranger's check as well: it must not take the others with it. */
  private static Result failed(HealthCheckMetadata check, Throwable e) {
    log.error("Health check {} failed by a bug", check.getTitle(), e);
    return new Result(
        Status.HEALTH_CHECK_ERROR, "The check failed by a bug of its own; the node's log has it.");
  }

  private Answer await(
      HealthCheckMetadata check, CompletableFuture<Answer> answer, long endNs, long deadlineMs) {
    try {
      return answer.get(Math.max(0, endNs - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      log.debug("health check {} is late", check.getTitle(), e);
      return late(check, "The check has not ended within %d ms.".formatted(deadlineMs), deadlineMs);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return late(check, "Whoever asked did not wait for the answer.", 0);
    } catch (ExecutionException e) {
      throw new IllegalStateException("an answer is only ever completed with one", e);
    }
  }

  private static Answer late(HealthCheckMetadata check, String cause, long afterMs) {
    var result =
        new Findings()
            .critical(
                cause,
                "What it looks at hangs, or the machine is out of breath: look at the node's log and at its load, and ask again.")
            .orElse("");
    return new Answer(check, result, Duration.ofMillis(afterMs), true);
  }
}
