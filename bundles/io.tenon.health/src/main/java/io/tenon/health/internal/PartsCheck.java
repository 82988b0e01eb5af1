package io.tenon.health.internal;

import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;

/** Every bundle runs that should, and none of its components has failed: what the other checks cannot say of a part that is gone. */
@Component(service = HealthCheck.class, property = HealthCheck.NAME + "=parts")
public final class PartsCheck implements HealthCheck {
  private static final String OURS = "io.tenon.";

  private final BundleContext context;
  private final ServiceComponentRuntime components;

  @Activate
  public PartsCheck(BundleContext context, @Reference ServiceComponentRuntime components) {
    this.context = context;
    this.components = components;
  }

  @Override
  public Result execute() {
    var findings = new Findings();
    int running = 0;
    for (Bundle bundle : context.getBundles()) {
      if (bundle.getState() == Bundle.ACTIVE) running++;
      else look(bundle, findings);
    }
    for (ComponentDescriptionDTO component : components.getComponentDescriptionDTOs()) {
      for (ComponentConfigurationDTO one : components.getComponentConfigurationDTOs(component)) {
        if (one.failure != null) failed(component, one.failure, findings);
      }
    }
    return findings.orElse("%d bundles run.".formatted(running));
  }

  private static void look(Bundle bundle, Findings findings) {
    var revision = bundle.adapt(BundleRevision.class);
    boolean fragment =
        revision == null || (revision.getTypes() & BundleRevision.TYPE_FRAGMENT) != 0;
    if (fragment) return; // no code of its own, or uninstalled just now
    String name = bundle.getSymbolicName();
    var start = bundle.adapt(BundleStartLevel.class);
    if (start.isPersistentlyStarted()) {
      boolean onDemand = start.isActivationPolicyUsed() && bundle.getState() == Bundle.STARTING;
      if (onDemand) return;
      findings.critical(
          "%s should run and does not.".formatted(name),
          "The node's log says why; start %d tries again.".formatted(bundle.getBundleId()));
    } else if (name.startsWith(OURS) && isWanted(bundle)) {
      findings.warn(
          "%s was stopped.".formatted(name),
          "start %d brings it back.".formatted(bundle.getBundleId()));
    }
  }

  /** Those of the web console are there for whoever asks for them. */
  private static boolean isWanted(Bundle bundle) {
    return !"asked".equals(bundle.getHeaders("").get("Tenon-Start"));
  }

  private static void failed(ComponentDescriptionDTO component, String failure, Findings findings) {
    findings.critical(
        "%s of %s has failed: %s"
            .formatted(component.name, component.bundle.symbolicName, firstLine(failure)),
        "The node's log has the details; stop and start %d try again."
            .formatted(component.bundle.id));
  }

  /** Of a stack trace. */
  private static String firstLine(String failure) {
    return failure.lines().findFirst().orElse("without a word");
  }
}
