package io.tenon.backend.nil.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import java.util.Set;
import java.util.UUID;
import org.osgi.service.component.annotations.Component;

/** {@code null:///name[?size_mb=…|num_blocks=…][&blk_size=…][&uuid=…]}. */
@Component(property = DeviceProvider.SCHEME + "=null")
public final class NullProvider implements DeviceProvider {
  private static final Set<String> PARAMETERS = Set.of("size_mb", "num_blocks", "blk_size", "uuid");

  @Override
  public String deviceName(DeviceUri uri) throws DeviceException {
    uri.allowOnly(PARAMETERS);
    if (!uri.host().isEmpty()) {
      throw uri.invalid("It has a host; write null:///name, with three slashes.");
    }
    return uri.name();
  }

  /** Without a uuid it gets one made of its name: what keeps nothing is the same whenever it is opened. */
  @Override
  public BlockDevice open(DeviceUri uri) throws DeviceException {
    String name = deviceName(uri);
    var named = UUID.nameUUIDFromBytes(("null:///" + name).getBytes(UTF_8));
    return new NullDevice(name, uri.uuid().orElse(named), geometry(uri));
  }

  private static Geometry geometry(DeviceUri uri) throws DeviceException {
    long blockBytes = uri.number("blk_size", 512);
    if (blockBytes != 512 && blockBytes != 4096) {
      throw uri.badParameter("Parameter blk_size must be 512 or 4096, was " + blockBytes + ".");
    }
    long megabytes = uri.number("size_mb", 0);
    long blocks = uri.number("num_blocks", 0);
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
