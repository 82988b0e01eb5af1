package io.tenon.backend.uring.internal;

import io.tenon.backend.disk.Background;
import io.tenon.backend.disk.Disk;
import io.tenon.backend.disk.DiskDevice;
import io.tenon.backend.disk.Rings;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.linux.Errno;
import io.tenon.linux.LinuxException;
import io.tenon.reactor.Reactors;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** {@code uring:///path[?blk_size=512|4096][&uuid=…]}. */
@Component(property = DeviceProvider.SCHEME + "=uring")
public final class UringProvider implements DeviceProvider {
  private static final Set<String> PARAMETERS = Set.of("blk_size", "uuid");

  private final Rings<UringRing> rings;
  private final Background background = new Background("uring");

  @Activate
  public UringProvider(@Reference Reactors reactors) {
    this(new Rings<>(reactors, UringRing::make));
  }

  UringProvider(Rings<UringRing> rings) {
    this.rings = rings;
  }

  @Deactivate
  void close() {
    background.close();
  }

  @Override
  public String deviceName(DeviceUri uri) throws DeviceException {
    uri.allowOnly(PARAMETERS);
    return uri.path();
  }

  @Override
  public BlockDevice open(DeviceUri uri) throws DeviceException {
    String name = deviceName(uri);
    try {
      rings.acquire();
    } catch (LinuxException e) {
      throw refused(name, e);
    }
    try {
      return new DiskDevice(Disk.open(uri), "URING disk", rings, background);
    } catch (DeviceException e) {
      rings.release();
      throw e;
    }
  }

  private static DeviceException refused(String name, LinuxException e) {
    boolean forbidden = e.errno() == Errno.EPERM || e.errno() == Errno.ENOSYS;
    return new DeviceException(
        forbidden ? Kind.UNSUPPORTED : Kind.IO,
        "Block device " + name + " was not opened.",
        forbidden
            ? "This system forbids io_uring (a container's seccomp profile, the sysctl"
                + " kernel.io_uring_disabled, or a kernel without it): "
                + e.getMessage()
                + "."
            : "No io_uring was to be had: " + e.getMessage() + ".",
        forbidden
            ? "Use aio:// instead, or have io_uring allowed."
            : "Give the node more memory or descriptors.",
        e);
  }
}
