package io.tenon.health.internal;

import io.tenon.reactor.Reactor;
import io.tenon.reactor.Reactors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Every reactor answers a message. One that does not moves no I/O, and nothing but a new start brings it back. */
@Component(
    service = HealthCheck.class,
    property = {
      HealthCheck.NAME + "=reactors",
      HealthCheck.TAGS + "=" + Tags.LIVE,
      HealthCheck.TAGS + "=" + Tags.READY
    })
public final class ReactorsCheck implements HealthCheck {
  /** Slow is not stuck: a machine out of breath is slow. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private final Reactors reactors;
  private final Duration patience;

  @Activate
  public ReactorsCheck(@Reference Reactors reactors) {
    this(reactors, PATIENCE);
  }

  ReactorsCheck(Reactors reactors, Duration patience) {
    this.reactors = reactors;
    this.patience = patience;
  }

  private record Asked(Reactor reactor, CountDownLatch answered) {}

  @Override
  public Result execute() {
    long began = System.nanoTime();
    List<Asked> asked = new ArrayList<>();
    for (Reactor reactor : reactors.all()) {
      var answered = new CountDownLatch(1);
      reactor.execute(answered::countDown);
      asked.add(new Asked(reactor, answered));
    }
    var findings = new Findings();
    for (Asked one : asked) {
      if (answers(one.answered(), began)) continue;
      findings.critical(
          "%s has not answered for %d ms: its I/O stands still."
              .formatted(one.reactor().name(), patience.toMillis()),
          "Take a thread dump of the node (jcmd PID Thread.print) for its makers, then start it again.");
    }
    double ms = (System.nanoTime() - began) / 1e6;
    return findings.orElse(
        "All reactors answer, within %.1f ms (%d of %d)."
            .formatted(ms, asked.size(), asked.size()));
  }

  private boolean answers(CountDownLatch answered, long began) {
    try {
      long left = patience.toNanos() - (System.nanoTime() - began);
      return answered.await(Math.max(0, left), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return answered.getCount() == 0;
    }
  }
}
