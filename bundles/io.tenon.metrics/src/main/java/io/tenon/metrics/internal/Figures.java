package io.tenon.metrics.internal;

import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.tenon.block.BlockDevices;
import io.tenon.nexus.Nexuses;
import io.tenon.pool.Pools;
import io.tenon.swap.Swaps;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/**
 * All that the node has to tell, as of now. What is not there, or is just being replaced, has no figures meanwhile: whoever reads does not
 * wait for it, and is not told zeroes.
 */
@Component(service = Figures.class)
public final class Figures {
  private final BlockDevices devices;

  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  private volatile @Nullable Pools pools;

  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  private volatile @Nullable Nexuses nexuses;

  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  private volatile @Nullable Swaps swaps;

  @Activate
  public Figures(@Reference BlockDevices devices) {
    this.devices = devices;
  }

  /** For tests of what it says. */
  Figures(
      BlockDevices devices,
      @Nullable Pools pools,
      @Nullable Nexuses nexuses,
      @Nullable Swaps swaps) {
    this(devices);
    this.pools = pools;
    this.nexuses = nexuses;
    this.swaps = swaps;
  }

  MetricSnapshots take(String node) {
    var all = MetricSnapshots.builder();
    var poolsNow = pools;
    if (poolsNow != null) PoolFigures.add(all, node, poolsNow, devices);
    var nexusesNow = nexuses;
    if (nexusesNow != null) NexusFigures.add(all, node, nexusesNow);
    var swapsNow = swaps;
    if (swapsNow != null) SwapFigures.add(all, swapsNow.counters());
    return all.build();
  }
}
