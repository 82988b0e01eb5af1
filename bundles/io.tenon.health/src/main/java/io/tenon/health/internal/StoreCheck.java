package io.tenon.health.internal;

import io.tenon.metadata.Key;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.StoreException;
import java.time.Duration;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** The metadata store answers. Without it hosts go on, but no nexus can record that it has lost a child. */
@Component(service = HealthCheck.class, property = HealthCheck.NAME + "=store")
public final class StoreCheck implements HealthCheck {
  private static final Key ASKED = Key.of("/tenon/health");
  private static final Duration WITHIN = Duration.ofSeconds(3);

  private final @Nullable MetadataStore store;
  private final boolean expected;

  @Activate
  public StoreCheck(
      BundleContext context,
      @Nullable
          @Reference(
              cardinality = ReferenceCardinality.OPTIONAL,
              policyOption = ReferencePolicyOption.GREEDY,
              target = "(tenon.metadata=slot)")
          MetadataStore store) {
    this(store, Declared.any(context, "tenon.metadata"));
  }

  /**
   * @param expected whether the distribution has one
   */
  StoreCheck(@Nullable MetadataStore store, boolean expected) {
    this.store = store;
    this.expected = expected;
  }

  @Override
  public Result execute() {
    var asked = store;
    if (asked == null) return missing();
    try {
      var _ = asked.get(ASKED, WITHIN);
      var status = asked.status();
      return new Findings()
          .orElse("The %s store at %s answers.".formatted(status.kind(), status.place()));
    } catch (StoreException e) {
      var status = asked.status();
      return new Findings()
          .critical(
              "The %s store at %s does not answer since %s: %s"
                  .formatted(status.kind(), status.place(), status.since(), e.why()),
              e.remedy().isEmpty()
                  ? "Bring it back: a nexus that must record a lost child shuts itself down without it."
                  : e.remedy())
          .orElse("");
    }
  }

  private Result missing() {
    var findings = new Findings();
    if (expected) {
      findings.critical(
          "There is no metadata store.",
          "Read the node's log for why it did not start; etc/io.tenon.metadata.cfg says which one is to be used.");
    }
    return findings.orElse("This distribution has no metadata store, so nexuses record nothing.");
  }
}
