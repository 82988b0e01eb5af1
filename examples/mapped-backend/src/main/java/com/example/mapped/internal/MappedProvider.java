package com.example.mapped.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;
import org.osgi.service.component.annotations.Component;

/** {@code mapped:///path/of/file[?blk_size=512|4096][&uuid=…]}. The file is there already, and has the device's size. */
@Component(property = DeviceProvider.SCHEME + "=mapped")
public final class MappedProvider implements DeviceProvider {
  private static final Set<String> PARAMETERS = Set.of("blk_size", "uuid");

  @Override
  public String deviceName(DeviceUri uri) throws DeviceException {
    uri.allowOnly(PARAMETERS);
    if (!uri.host().isEmpty()) {
      throw uri.invalid("It has a host; write mapped:///path, with three slashes.");
    }
    return uri.path();
  }

  @Override
  public BlockDevice open(DeviceUri uri) throws DeviceException {
    String name = deviceName(uri);
    long blockBytes = uri.number("blk_size", 512);
    if (blockBytes != 512 && blockBytes != 4096) {
      throw uri.badParameter("Parameter blk_size must be 512 or 4096, was " + blockBytes + ".");
    }
    var uuid = uri.uuid().orElse(UUID.nameUUIDFromBytes(name.getBytes(UTF_8)));
    try (var file =
        FileChannel.open(Path.of(name), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (file.size() == 0 || file.size() % blockBytes != 0) {
        throw new DeviceException(
            Kind.INVALID_PARAMETER,
            "Block device " + name + " was not opened.",
            "Its size is " + file.size() + " bytes, not a multiple of " + blockBytes + " above 0.",
            "Make the file that large with truncate.");
      }
      var geometry = new Geometry((int) blockBytes, file.size() / blockBytes);
      return new MappedDevice(name, uuid, geometry, file);
    } catch (IOException e) {
      throw new DeviceException(
          Kind.NOT_FOUND,
          "Block device " + name + " was not opened.",
          e.toString(),
          "Make the file first, with truncate.",
          e);
    }
  }
}
