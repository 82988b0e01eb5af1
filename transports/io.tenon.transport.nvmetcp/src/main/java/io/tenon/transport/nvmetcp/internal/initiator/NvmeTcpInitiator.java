package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.DeviceProvider;
import io.tenon.nvme.InitiatorControllers;
import io.tenon.reactor.Reactors;
import io.tenon.transport.nvmetcp.internal.target.HostSide;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.Designate;

/**
 * The NVMe/TCP initiator of this node. Registers its {@link RemoteProvider} by itself, and not as a service of the component: devices go when
 * the service does, and what must have gone before that could not be told in time.
 */
@Component(
    configurationPid = "io.tenon.transport.nvmetcp.initiator",
    service = {})
@Designate(ocd = InitiatorConfig.class)
@Capability(
    namespace = "tenon.backend",
    attribute = "scheme:List<String>='nvmf,nvmf+tcp,nvmf+rdma+tcp'")
@Capability(
    namespace = "osgi.service",
    attribute =
        "objectClass:List<String>='io.tenon.block.DeviceProvider,io.tenon.nvme.InitiatorControllers'")
public final class NvmeTcpInitiator {
  private static final String[] SCHEMES = {"nvmf", "nvmf+tcp", "nvmf+rdma+tcp"};
  private static final String[] SERVICES = {
    DeviceProvider.class.getName(), InitiatorControllers.class.getName()
  };

  private final Bundle bundle;
  private final RemoteProvider provider;
  private final ServiceRegistration<?> registration;

  @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
  private volatile @Nullable HostSide hosts;

  @Activate
  public NvmeTcpInitiator(
      @Reference Reactors reactors, InitiatorConfig config, BundleContext context) {
    this.bundle = context.getBundle();
    this.provider = new RemoteProvider(reactors, config);
    var properties = FrameworkUtil.asDictionary(Map.of(DeviceProvider.SCHEME, SCHEMES));
    this.registration = context.registerService(SERVICES, provider, properties);
  }

  /** Devices that are still open lose their controllers: a backend that vanishes is a disk that was unplugged. */
  @Deactivate
  void close() {
    var first = hosts;
    if (first != null && bundle.getState() == Bundle.STOPPING) first.leave();
    registration.unregister();
    provider.close();
  }
}
