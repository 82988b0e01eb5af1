package io.tenon.health.internal;

import io.tenon.nvme.Transport;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** Hosts can come in: some transport listens. */
@Component(
    service = HealthCheck.class,
    property = {HealthCheck.NAME + "=transports", HealthCheck.TAGS + "=" + Tags.READY})
public final class TransportsCheck implements HealthCheck {
  private static final String REMEDY =
      "Read the node's log for why; lb and start BUNDLE of the Felix shell bring a stopped transport back.";

  private final boolean expected;

  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  private final List<Transport> transports = new CopyOnWriteArrayList<>();

  @Activate
  public TransportsCheck(BundleContext context) {
    this(Declared.any(context, "tenon.transport"), List.of());
  }

  /**
   * @param expected whether the distribution has one
   */
  TransportsCheck(boolean expected, List<Transport> transports) {
    this.expected = expected;
    this.transports.addAll(transports);
  }

  private static String addresses(Transport transport) {
    return transport.listening().stream()
        .map(address -> address.getHostString() + ":" + address.getPort())
        .collect(Collectors.joining(", "));
  }

  @Override
  public Result execute() {
    var findings = new Findings();
    if (transports.isEmpty() && expected) {
      findings.critical("No transport is there: no host reaches anything of this node.", REMEDY);
    }
    for (Transport transport : transports) {
      if (!transport.listening().isEmpty()) continue;
      findings.critical(
          "%s does not listen: no host comes in that way.".formatted(transport.uriScheme()),
          REMEDY);
    }
    return findings.orElse(
        transports.isEmpty()
            ? "This distribution has no transport."
            : transports.stream()
                .map(one -> "%s listens on %s.".formatted(one.uriScheme(), addresses(one)))
                .collect(Collectors.joining(" ")));
  }
}
