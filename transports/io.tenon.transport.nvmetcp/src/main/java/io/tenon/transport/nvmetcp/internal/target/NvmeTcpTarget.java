package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.TenonException;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.Transport;
import io.tenon.reactor.Reactors;
import java.net.InetSocketAddress;
import java.util.Map;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.condition.Condition;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The NVMe/TCP target of this node. Announces itself as a {@link Transport}, and the condition {@value #READY} with its
 * address, once it listens. Not as a service of the component: the model takes up transports and this takes the model,
 * and whoever asked for the model first would get one without a transport. That service is for this bundle's other end.
 */
@Component(
    configurationPid = "io.tenon.transport.nvmetcp",
    service = HostSide.class,
    immediate = true)
@Designate(ocd = TargetConfig.class)
@Capability(namespace = "tenon.ready", name = "nvme")
public final class NvmeTcpTarget implements HostSide {
  static final String READY = "tenon.ready.nvme";
  static final String ADDRESS = "tenon.address";

  private static final Logger log = LoggerFactory.getLogger(NvmeTcpTarget.class);

  private final NvmeTarget target;
  private final Bundle framework;
  private final TargetPort port;
  private final ServiceRegistration<Transport> transport;
  private final ServiceRegistration<Condition> ready;
  private boolean left;

  @Activate
  public NvmeTcpTarget(
      @Reference Reactors reactors,
      @Reference NvmeTarget target,
      TargetConfig config,
      BundleContext context)
      throws TenonException {
    this.target = target;
    this.framework = context.getBundle(Constants.SYSTEM_BUNDLE_ID);
    int largestBuffer = reactors.main().buffers().maxBytes();
    var options = TargetOptions.of(config, System::getenv, largestBuffer);
    this.port = new TargetPort(reactors, target, options);
    String address = text(port.listening().get(0));
    log.info("NVMe/TCP target listens on {}", address);
    this.transport = context.registerService(Transport.class, port, null);
    var properties = Map.of(Condition.CONDITION_ID, READY, ADDRESS, address);
    this.ready =
        context.registerService(
            Condition.class, Condition.INSTANCE, FrameworkUtil.asDictionary(properties));
  }

  private static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  /** Hosts stay connected when only this bundle goes: another version of it takes over. */
  @Override
  @Deactivate
  public synchronized void leave() {
    if (left) return;
    left = true;
    ready.unregister();
    transport.unregister();
    if (framework.getState() == Bundle.STOPPING) port.close();
    else target.handOver(port.leave());
  }
}
