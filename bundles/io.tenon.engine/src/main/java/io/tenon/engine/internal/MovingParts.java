package io.tenon.engine.internal;

import io.tenon.nexus.Nexuses;
import io.tenon.pool.Pools;
import io.tenon.pool.SnapshotRebuilds;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.bundle.Capability;
import org.osgi.annotation.bundle.Requirement;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** What the API is about that is replaced while clients are connected. Offers itself to {@link GrpcServer} from when all were there once. */
@Component(
    service = {},
    immediate = true)
@Capability(
    namespace = "osgi.service",
    attribute = "objectClass:List<String>=io.tenon.engine.internal.MovingParts")
@Requirement(
    namespace = "osgi.service",
    filter = "(objectClass=io.tenon.nexus.Nexuses)",
    effective = "active")
@Requirement(
    namespace = "osgi.service",
    filter = "(objectClass=io.tenon.pool.Pools)",
    effective = "active")
@Requirement(
    namespace = "osgi.service",
    filter = "(objectClass=io.tenon.pool.SnapshotRebuilds)",
    effective = "active")
public final class MovingParts {
  /** Calls that are still running get this long when their part goes. */
  private static final long GRACE_MS = 5_000;

  private final MovingPart<Nexuses> nexuses =
      new MovingPart<>(Nexuses.class, "The service of nexuses", GRACE_MS);
  private final MovingPart<Pools> pools =
      new MovingPart<>(Pools.class, "The service of pools", GRACE_MS);
  private final MovingPart<SnapshotRebuilds> snapshotRebuilds =
      new MovingPart<>(SnapshotRebuilds.class, "The service of snapshot rebuilds", GRACE_MS);

  private final BundleContext context;
  private @Nullable ServiceRegistration<MovingParts> registration;
  private boolean closed;

  @Activate
  public MovingParts(BundleContext context) {
    this.context = context;
  }

  MovingPart<Nexuses> nexuses() {
    return nexuses;
  }

  MovingPart<Pools> pools() {
    return pools;
  }

  MovingPart<SnapshotRebuilds> snapshotRebuilds() {
    return snapshotRebuilds;
  }

  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY,
      unbind = "nexusesWent")
  void nexusesCame(Nexuses now) {
    nexuses.came(now);
    offer();
  }

  void nexusesWent(Nexuses gone) {
    nexuses.went(gone);
  }

  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY,
      unbind = "poolsWent")
  void poolsCame(Pools now) {
    pools.came(now);
    offer();
  }

  void poolsWent(Pools gone) {
    pools.went(gone);
  }

  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY,
      unbind = "snapshotRebuildsWent")
  void snapshotRebuildsCame(SnapshotRebuilds now) {
    snapshotRebuilds.came(now);
    offer();
  }

  void snapshotRebuildsWent(SnapshotRebuilds gone) {
    snapshotRebuilds.went(gone);
  }

  private synchronized void offer() {
    if (closed || registration != null) return;
    if (!nexuses.isThere() || !pools.isThere() || !snapshotRebuilds.isThere()) return;
    registration = context.registerService(MovingParts.class, this, null);
  }

  @Deactivate
  void close() {
    ServiceRegistration<MovingParts> ended;
    synchronized (this) {
      closed = true;
      ended = registration;
      registration = null;
    }
    if (ended != null) ended.unregister();
  }
}
