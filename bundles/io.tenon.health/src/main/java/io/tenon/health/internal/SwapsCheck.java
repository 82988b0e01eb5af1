package io.tenon.health.internal;

import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** No bundle's last swap was taken back lately, or went wrong altogether. */
@Component(service = HealthCheck.class, property = HealthCheck.NAME + "=swaps")
public final class SwapsCheck implements HealthCheck {
  /** What was taken back harms nobody: it is told for a day, to whoever asked for it and went home. */
  private static final Duration TOLD_FOR = Duration.ofDays(1);

  private final Swaps swaps;
  private final Clock clock;
  private final Instant started;

  @Activate
  public SwapsCheck(@Reference Swaps swaps) {
    this(
        swaps,
        Clock.systemUTC(),
        ProcessHandle.current().info().startInstant().orElse(Instant.EPOCH));
  }

  /**
   * @param started when the node was; what had failed before that works since then
   */
  SwapsCheck(Swaps swaps, Clock clock, Instant started) {
    this.swaps = swaps;
    this.clock = clock;
    this.started = started;
  }

  @Override
  public Result execute() {
    var findings = new Findings();
    for (SwapRecord last : lastOfEach().values()) look(last, findings);
    return findings.orElse("No swap has gone wrong lately.");
  }

  /** A refusal has touched nothing, so it does not hide what was before. */
  private Map<String, SwapRecord> lastOfEach() {
    var last = new TreeMap<String, SwapRecord>();
    for (SwapRecord one : swaps.history()) {
      if (one.result() != SwapResult.REFUSED) last.put(one.bundle(), one);
    }
    return last;
  }

  private void look(SwapRecord one, Findings findings) {
    switch (one.result()) {
      case SWAPPED, REFUSED -> {} // what was wanted, or nothing
      case ROLLED_BACK -> {
        if (one.at().plus(TOLD_FOR).isBefore(clock.instant())) return;
        findings.warn(
            "%s runs in version %s still, as the swap to %s that %s wanted at %s was taken back: %s"
                .formatted(
                    one.bundle(),
                    one.fromVersion(),
                    one.toVersion(),
                    one.by(),
                    one.at(),
                    one.reason()),
            "tenon:swaps has more of it; a swap that works ends this, or a day.");
      }
      case FAILED -> failed(one, findings);
    }
  }

  private void failed(SwapRecord one, Findings findings) {
    if (one.at().isBefore(started)) return;
    findings.critical(
        "%s does not work: neither version %s nor %s came up at %s. %s"
            .formatted(one.bundle(), one.fromVersion(), one.toVersion(), one.at(), one.reason()),
        "Start the node again: it has the bundle that worked.");
  }
}
