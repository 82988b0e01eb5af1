package io.tenon.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.Result.Status;
import org.apache.felix.hc.api.execution.HealthCheckExecutionOptions;
import org.apache.felix.hc.api.execution.HealthCheckExecutionResult;
import org.apache.felix.hc.api.execution.HealthCheckSelector;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/** Whoever asks has an answer, whatever the checks do. */
@Timeout(60)
class ExaminerTest {
  private static final Result WELL = new Result(Status.OK, "All is well.");

  private final List<Registered> checks = new ArrayList<>();
  private final AtomicInteger held = new AtomicInteger();
  private final Examiner examiner = new Examiner(context());

  private record Registered(ServiceReference<HealthCheck> reference, @Nullable HealthCheck check) {}

  @Test
  void allAnswerInTheOrderOfTheirNamesAndNothingIsHeld() {
    register("second", () -> WELL);
    register("first", () -> new Result(Status.WARN, "Look."));

    var answers = examiner.execute(HealthCheckSelector.empty());

    assertEquals(List.of("first WARN", "second OK"), texts(answers));
    assertEquals(0, held.get());
  }

  @Test
  void oneThatHangsIsCriticalAndNotAskedTwice() {
    var asked = new AtomicInteger();
    var stuck = new CountDownLatch(1);
    register(
        "stuck",
        () -> {
          asked.incrementAndGet();
          try {
            stuck.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return WELL;
        });
    register("well", () -> WELL);
    var soon = new HealthCheckExecutionOptions().setOverrideGlobalTimeout(100);

    var answers = examiner.execute(HealthCheckSelector.empty(), soon);
    assertEquals(List.of("stuck CRITICAL", "well OK"), texts(answers));
    assertTrue(answers.getFirst().hasTimedOut());
    assertEquals(
        List.of("stuck CRITICAL"),
        texts(examiner.execute(HealthCheckSelector.names("stuck"), soon)));
    assertEquals(1, asked.get());

    stuck.countDown();
    var later = examiner.execute(HealthCheckSelector.names("stuck"));
    assertEquals(List.of("stuck OK"), texts(later));
    assertFalse(later.getFirst().hasTimedOut());
  }

  @Test
  void oneThatThrowsDoesNotTakeTheOthersWithIt() {
    register(
        "bug",
        () -> {
          throw new IllegalStateException("a bug on purpose");
        });
    register("well", () -> WELL);

    assertEquals(
        List.of("bug HEALTH_CHECK_ERROR", "well OK"),
        texts(examiner.execute(HealthCheckSelector.empty())));
    assertEquals(0, held.get());
  }

  @Test
  void oneWhoseBundleIsBeingReplacedIsNoFailure() {
    register("gone", null);

    assertEquals(List.of("gone WARN"), texts(examiner.execute(HealthCheckSelector.empty())));
  }

  private static List<String> texts(List<HealthCheckExecutionResult> answers) {
    return answers.stream()
        .map(
            answer ->
                answer.getHealthCheckMetadata().getTitle()
                    + " "
                    + answer.getHealthCheckResult().getStatus())
        .toList();
  }

  /**
   * @param check null for a service that is gone when it is asked
   */
  private void register(String name, @Nullable HealthCheck check) {
    long id = checks.size() + 1L;
    Map<String, Object> properties = Map.of(HealthCheck.NAME, name, Constants.SERVICE_ID, id);
    @SuppressWarnings("unchecked")
    var reference =
        (ServiceReference<HealthCheck>)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {ServiceReference.class},
                (_, method, arguments) ->
                    method.getName().equals("getProperty") ? properties.get(arguments[0]) : null);
    checks.add(new Registered(reference, check));
  }

  private BundleContext context() {
    return (BundleContext)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {BundleContext.class},
            (_, method, arguments) ->
                switch (method.getName()) {
                  case "getServiceReferences" ->
                      checks.stream().map(Registered::reference).toList();
                  case "getService" -> service(arguments[0]);
                  case "ungetService" -> held.decrementAndGet() >= 0;
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  @SuppressWarnings("ReferenceEquality") // they are proxies
  private @Nullable HealthCheck service(Object reference) {
    for (var one : checks) {
      if (one.reference() != reference) continue;
      if (one.check() != null) held.incrementAndGet();
      return one.check();
    }
    return null;
  }
}
