package io.tenon.health.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.execution.HealthCheckExecutionResult;
import org.apache.felix.hc.api.execution.HealthCheckMetadata;

/** What a check said, and how long it took. */
@SuppressWarnings("JavaUtilDate") // what Felix' interface asks for
final class Answer implements HealthCheckExecutionResult {
  private final HealthCheckMetadata check;
  private final Result result;
  private final Duration took;
  private final Instant finished = Instant.now();
  private final boolean timedOut;

  Answer(HealthCheckMetadata check, Result result, Duration took, boolean timedOut) {
    this.check = check;
    this.result = result;
    this.took = took;
    this.timedOut = timedOut;
  }

  @Override
  public Result getHealthCheckResult() {
    return result;
  }

  @Override
  public long getElapsedTimeInMs() {
    return took.toMillis();
  }

  @Override
  public Date getFinishedAt() {
    return Date.from(finished);
  }

  @Override
  public boolean hasTimedOut() {
    return timedOut;
  }

  @Override
  public HealthCheckMetadata getHealthCheckMetadata() {
    return check;
  }
}
