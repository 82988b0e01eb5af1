package io.tenon.health.internal;

import java.util.Objects;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.condition.Condition;

/** Whatever the distribution says that it listens with does listen: what makes a node ready when it starts. */
@Component(
    service = HealthCheck.class,
    property = {HealthCheck.NAME + "=listeners", HealthCheck.TAGS + "=" + Tags.READY})
public final class ListenersCheck implements HealthCheck {
  private static final String CAPABILITY = "tenon.ready";

  private final BundleContext context;

  @Activate
  public ListenersCheck(BundleContext context) {
    this.context = context;
  }

  @Override
  public Result execute() {
    var findings = new Findings();
    var expected =
        Declared.all(context, CAPABILITY)
            .map(capability -> Objects.toString(capability.getAttributes().get(CAPABILITY)))
            .distinct()
            .sorted()
            .toList();
    for (String name : expected) {
      if (listens(name)) continue;
      findings.critical(
          "%s does not listen.".formatted(name),
          "The node's log says what it waits for, or why it failed.");
    }
    return findings.orElse(
        expected.isEmpty()
            ? "This distribution has nothing that listens."
            : String.join(", ", expected) + " listen.");
  }

  private boolean listens(String name) {
    String filter = "(%s=%s.%s)".formatted(Condition.CONDITION_ID, CAPABILITY, name);
    try {
      return !context.getServiceReferences(Condition.class, filter).isEmpty();
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException("a name of " + CAPABILITY + " is no word: " + name, e);
    }
  }
}
