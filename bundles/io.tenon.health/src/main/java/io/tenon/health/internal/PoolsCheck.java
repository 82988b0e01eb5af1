package io.tenon.health.internal;

import io.tenon.pool.AbsentPool;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolState;
import io.tenon.pool.Pools;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Every pool that this node had is online. */
@Component(service = HealthCheck.class, property = HealthCheck.NAME + "=pools")
public final class PoolsCheck implements HealthCheck {
  private final Pools pools;

  @Activate
  public PoolsCheck(@Reference Pools pools) {
    this.pools = pools;
  }

  @Override
  public Result execute() {
    var findings = new Findings();
    var all = pools.all();
    for (Pool pool : all) look(pool, findings);
    for (AbsentPool absent : pools.absent()) {
      findings.critical(
          "Pool %s is not there since %s: %s"
              .formatted(absent.name(), absent.since(), absent.reason()),
          "Bring back its disk %s, and it loads by itself; pool:forget %s gives it up."
              .formatted(absent.disk(), absent.name()));
    }
    return findings.orElse(
        all.isEmpty()
            ? "There are no pools."
            : Findings.are(all.size(), "pool", "pools") + " online.");
  }

  private static void look(Pool pool, Findings findings) {
    var info = pool.info();
    if (info.state() == PoolState.SUSPENDED) {
      findings.critical(
          "Pool %s is suspended: %s".formatted(info.name(), info.reason()),
          "Bring back its disk %s; what uses it goes on by itself then.".formatted(info.disk()));
    }
    for (String found : info.findings()) {
      findings.warn(
          "Pool %s: %s".formatted(info.name(), found),
          "pool:check %s says more, and what a repair would cost.".formatted(info.disk()));
    }
  }
}
