package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.Handover;
import io.tenon.nvme.InitiatorControllers;
import io.tenon.reactor.Reactors;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens devices of other nodes. {@code nvmf+rdma+tcp} connects over TCP as well. */
public final class RemoteProvider implements DeviceProvider, InitiatorControllers {
  private static final Logger log = LoggerFactory.getLogger(RemoteProvider.class);

  private final Reactors reactors;
  private final InitiatorOptions options;
  private final Background background;
  private final Set<RemoteDevice> devices = new CopyOnWriteArraySet<>();

  public RemoteProvider(Reactors reactors, InitiatorConfig config) {
    this(reactors, InitiatorOptions.of(config, System::getenv));
  }

  RemoteProvider(Reactors reactors, InitiatorOptions options) {
    this(reactors, options, Background.REAL);
  }

  RemoteProvider(Reactors reactors, InitiatorOptions options, Background background) {
    this.reactors = reactors;
    this.options = options;
    this.background = background;
    log.info("host {} with id {}", options.hostNqn(), options.hostId());
  }

  @Override
  public String deviceName(DeviceUri uri) throws DeviceException {
    return RemoteUri.of(uri).name();
  }

  @Override
  public BlockDevice open(DeviceUri uri) throws DeviceException {
    return device(RemoteController.open(RemoteUri.of(uri), options, reactors.all(), background));
  }

  @Override
  public BlockDevice adopt(DeviceUri uri, Handover left) throws DeviceException {
    return device(
        RemoteController.adopt(RemoteUri.of(uri), left, options, reactors.all(), background));
  }

  private RemoteDevice device(RemoteController controller) {
    var device = new RemoteDevice(controller, devices::remove);
    devices.add(device);
    return device;
  }

  @Override
  public List<Controller> controllers() {
    return devices.stream()
        .map(RemoteDevice::describe)
        .sorted(Comparator.comparing(Controller::name))
        .toList();
  }

  /** Devices that are still open lose their controllers. */
  void close() {
    for (RemoteDevice device : devices) device.close();
  }
}
