package io.tenon.backend.aio.internal;

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

/** {@code aio:///path[?blk_size=512|4096][&uuid=…][&rescan]}. */
@Component(property = DeviceProvider.SCHEME + "=aio")
public final class AioProvider implements DeviceProvider {
  private static final Set<String> PARAMETERS = Set.of("blk_size", "uuid", "rescan");

  private final Rings<AioRing> rings;
  private final Background background = new Background("aio");

  @Activate
  public AioProvider(@Reference Reactors reactors) {
    this.rings = new Rings<>(reactors, AioRing::new);
  }

  @Deactivate
  void close() {
    background.close();
  }

  @Override
  public String deviceName(DeviceUri uri) throws DeviceException {
    uri.allowOnly(PARAMETERS);
    var _ = uri.flag("rescan");
    return uri.path();
  }

  @Override
  public BlockDevice open(DeviceUri uri) throws DeviceException {
    String name = deviceName(uri);
    try {
      rings.acquire();
    } catch (LinuxException e) {
      boolean used = e.errno() == Errno.EAGAIN;
      throw new DeviceException(
          used ? Kind.IO : Kind.UNSUPPORTED,
          "Block device " + name + " was not opened.",
          used
              ? "The system's room for asynchronous I/O (sysctl fs.aio-max-nr) is used up."
              : "This system does not let Linux AIO be used: " + e.getMessage() + ".",
          used ? "Raise fs.aio-max-nr." : "Use uring:// instead.",
          e);
    }
    try {
      return new DiskDevice(Disk.open(uri), "AIO disk", rings, background);
    } catch (DeviceException e) {
      rings.release();
      throw e;
    }
  }

  @Override
  public boolean changesOpenDevice(DeviceUri uri) throws DeviceException {
    return uri.flag("rescan");
  }

  @Override
  public void change(DeviceUri uri, BlockDevice open) throws DeviceException {
    if (!(open instanceof DiskDevice disk)) throw DeviceException.alreadyExists(open.name());
    disk.rescan();
  }
}
