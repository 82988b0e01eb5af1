package io.tenon.pool.internal;

import io.tenon.blobstore.Blobstores;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceOwner;
import io.tenon.error.TenonException;
import io.tenon.nvme.NvmeTarget;
import io.tenon.reactor.Reactors;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets one pool try another version of the stores' bundle: when that comes for a trial, there is a service of pools with its stores, which has the pool
 * that it is lent.
 */
@Component(
    service = {},
    immediate = true,
    configurationPid = {"io.tenon.node", "io.tenon.pool"})
public final class StoreTrials {
  private static final Logger log = LoggerFactory.getLogger(StoreTrials.class);

  private final PoolConfig config;
  private final BundleContext context;
  private final BlockDevices devices;
  private final NvmeTarget target;
  private final Reactors reactors;

  /** By the bundle that is tried; guarded by itself. */
  private final TreeMap<String, Trial> trials = new TreeMap<>();

  private record Trial(PoolService pools, ServiceRegistration<DeviceOwner> offered) {}

  @Activate
  public StoreTrials(
      PoolConfig config,
      BundleContext context,
      @Reference BlockDevices devices,
      @Reference NvmeTarget target,
      @Reference Reactors reactors) {
    this.config = config;
    this.context = context;
    this.devices = devices;
    this.target = target;
    this.reactors = reactors;
  }

  @Reference(
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC,
      unbind = "went")
  void came(Blobstores stores, ServiceReference<Blobstores> reference) {
    var bundle = tried(reference);
    if (bundle.isEmpty()) return;
    try {
      var pools = new PoolService(config, true, devices, target, stores, reactors);
      var properties = FrameworkUtil.asDictionary(Map.of(DeviceOwner.TRIES, bundle.get()));
      var offered = context.registerService(DeviceOwner.class, pools, properties);
      synchronized (trials) {
        trials.put(bundle.get(), new Trial(pools, offered));
      }
    } catch (TenonException e) {
      log.error("bundle {}: no pool can try it: {}", bundle.get(), e.getMessage());
    }
  }

  private static Optional<String> tried(ServiceReference<Blobstores> reference) {
    return Optional.ofNullable(reference.getBundle())
        .filter(bundle -> bundle.getHeaders("").get(DeviceOwner.TRIAL_HEADER) != null)
        .map(bundle -> bundle.getSymbolicName());
  }

  /** Its stores work until this returns. */
  void went(ServiceReference<Blobstores> reference) {
    var bundle = tried(reference);
    if (bundle.isEmpty()) return;
    Trial trial;
    synchronized (trials) {
      trial = trials.remove(bundle.get());
    }
    if (trial != null) end(trial);
  }

  private void end(Trial trial) {
    trial.offered().unregister();
    trial.pools().leave();
  }

  @Deactivate
  void close() {
    synchronized (trials) {
      trials.values().forEach(this::end);
      trials.clear();
    }
  }
}
