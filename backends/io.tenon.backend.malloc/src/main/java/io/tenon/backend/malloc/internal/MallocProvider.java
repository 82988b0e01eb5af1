package io.tenon.backend.malloc.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import io.tenon.block.Handover;
import java.util.Set;
import java.util.UUID;
import org.osgi.service.component.annotations.Component;

/** {@code malloc:///name?size_mb=…|num_blocks=…[&blk_size=…][&uuid=…][&resize]}. */
@Component(property = DeviceProvider.SCHEME + "=malloc")
public final class MallocProvider implements DeviceProvider {
  private static final Set<String> PARAMETERS =
      Set.of("size_mb", "num_blocks", "blk_size", "uuid", "resize");

  @Override
  public String deviceName(DeviceUri uri) throws DeviceException {
    uri.allowOnly(PARAMETERS);
    var _ = uri.flag("resize");
    if (!uri.host().isEmpty()) {
      throw uri.invalid("It has a host; write malloc:///name, with three slashes.");
    }
    return uri.name();
  }

  @Override
  public BlockDevice open(DeviceUri uri) throws DeviceException {
    String name = deviceName(uri);
    return MallocDevice.make(name, uri.uuid().orElseGet(UUID::randomUUID), geometry(uri));
  }

  @Override
  public BlockDevice adopt(DeviceUri uri, Handover left) throws DeviceException {
    return MallocDevice.adopt(deviceName(uri), left);
  }

  @Override
  public boolean changesOpenDevice(DeviceUri uri) throws DeviceException {
    return uri.flag("resize");
  }

  @Override
  public void change(DeviceUri uri, BlockDevice open) throws DeviceException {
    if (!(open instanceof MallocDevice device)) throw DeviceException.alreadyExists(open.name());
    var wanted = geometry(uri);
    if (wanted.blockBytes() != device.geometry().blockBytes()) {
      throw new DeviceException(
          Kind.MISMATCH,
          "Block device " + device.name() + " was not resized.",
          "Its block size is "
              + device.geometry().blockBytes()
              + ", the URI says "
              + wanted.blockBytes()
              + ".",
          "Keep blk_size as it is.");
    }
    device.resize(wanted.blockCount());
  }

  private static Geometry geometry(DeviceUri uri) throws DeviceException {
    long blockBytes = uri.number("blk_size", 512);
    if (blockBytes != 512 && blockBytes != 4096) {
      throw uri.badParameter("Parameter blk_size must be 512 or 4096, was " + blockBytes + ".");
    }
    long megabytes = uri.number("size_mb", 0);
    long blocks = uri.number("num_blocks", 0);
    if (megabytes == 0 && blocks == 0) {
      throw uri.badParameter("One of size_mb and num_blocks must say the size, above 0.");
    }
    if (megabytes != 0 && blocks != 0) {
      throw uri.badParameter("Parameters size_mb and num_blocks exclude each other.");
    }
    if (megabytes > Long.MAX_VALUE >> 20 || blocks > Long.MAX_VALUE / blockBytes) {
      throw uri.badParameter("The size is beyond what a device can have.");
    }
    long count = megabytes != 0 ? (megabytes << 20) / blockBytes : blocks;
    return new Geometry((int) blockBytes, count);
  }
}
