package io.tenon.health.internal;

import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.Nexuses;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Every nexus has all of its children. */
@Component(service = HealthCheck.class, property = HealthCheck.NAME + "=nexuses")
public final class NexusesCheck implements HealthCheck {
  private final Nexuses nexuses;

  @Activate
  public NexusesCheck(@Reference Nexuses nexuses) {
    this.nexuses = nexuses;
  }

  @Override
  public Result execute() {
    var findings = new Findings();
    var all = nexuses.all();
    for (Nexus nexus : all) {
      switch (nexus.state()) {
        case INIT, ONLINE, SHUTTING_DOWN -> {} // what it should be, or will be in a moment
        case DEGRADED -> findings.warn(cause(nexus), remedy(nexus));
        case FAULTED, SHUTDOWN -> findings.critical(cause(nexus), remedy(nexus));
      }
    }
    return findings.orElse(
        all.isEmpty()
            ? "There are no nexuses."
            : Findings.are(all.size(), "nexus", "nexuses") + " online.");
  }

  private static String cause(Nexus nexus) {
    return "Nexus %s is %s since %s: %s"
        .formatted(nexus.name(), nexus.state(), nexus.since(), nexus.why());
  }

  /** A rebuild brings a child back by itself; the first of the others that says what it waits for is what there is to do. */
  private static String remedy(Nexus nexus) {
    String more = "nexus:why %s says more.".formatted(nexus.name());
    var rebuild = nexus.rebuilds().stream().findFirst();
    if (rebuild.isPresent()) {
      return "Wait: %s is rebuilt, %d %% is done. %s"
          .formatted(rebuild.get().childUri(), rebuild.get().progress(), more);
    }
    return nexus.children().stream()
        .filter(child -> child.state() != ChildState.OPEN && !child.waitsFor().isEmpty())
        .findFirst()
        .map(child -> "Child %s waits for %s. %s".formatted(child.uri(), child.waitsFor(), more))
        .orElse(more);
  }
}
