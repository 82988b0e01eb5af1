package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.block.DeviceOwner;
import io.tenon.error.TenonException;
import io.tenon.nvme.ConnectionOwner;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.Transport;
import io.tenon.reactor.Reactors;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
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
 *
 * <p>In a bundle that is there for a trial it has no port, and serves what the other bundle lends it.
 */
@Component(
    configurationPid = "io.tenon.transport.nvmetcp",
    service = {HostSide.class, ConnectionOwner.class},
    immediate = true)
@Designate(ocd = TargetConfig.class)
@Capability(namespace = "tenon.ready", name = "nvme")
public final class NvmeTcpTarget implements HostSide, ConnectionOwner {
  static final String READY = "tenon.ready.nvme";
  static final String ADDRESS = "tenon.address";

  private static final Logger log = LoggerFactory.getLogger(NvmeTcpTarget.class);

  private final NvmeTarget target;
  private final Bundle framework;
  private final Optional<Announced> announced;
  private final HostConnections hosts;
  private final SubsystemLoans loans;
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
    boolean isTrial = context.getBundle().getHeaders("").get(DeviceOwner.TRIAL_HEADER) != null;
    this.announced =
        isTrial
            ? Optional.empty()
            : Optional.of(Announced.of(new TargetPort(reactors, target, options), context));
    this.hosts = announced.map(it -> it.port().hosts()).orElseGet(HostConnections::new);
    this.loans = new SubsystemLoans(target, hosts);
    if (!isTrial) loans.takeUpAll();
  }

  /** A port that others know of. */
  private record Announced(
      TargetPort port,
      ServiceRegistration<Transport> transport,
      ServiceRegistration<Condition> ready) {
    static Announced of(TargetPort port, BundleContext context) {
      String address = text(port.listening().get(0));
      log.info("NVMe/TCP target listens on {}", address);
      var transport = context.registerService(Transport.class, port, null);
      var properties = Map.of(Condition.CONDITION_ID, READY, ADDRESS, address);
      var ready =
          context.registerService(
              Condition.class, Condition.INSTANCE, FrameworkUtil.asDictionary(properties));
      return new Announced(port, transport, ready);
    }

    void withdraw() {
      ready.unregister();
      transport.unregister();
    }
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
    announced.ifPresent(Announced::withdraw);
    boolean nobodyFollows = framework.getState() == Bundle.STOPPING;
    if (announced.isEmpty()) {
      if (nobodyFollows) hosts.end();
      else loans.leave();
    } else {
      var port = announced.get().port();
      if (nobodyFollows) port.close();
      else target.handOver(port.leave());
    }
  }

  @Override
  public void lend(String nqn, ConnectionOwner to) throws TenonException {
    loans.lend(nqn, to);
  }

  @Override
  public void takeUp(String nqn) throws TenonException {
    loans.takeUp(nqn);
  }
}
