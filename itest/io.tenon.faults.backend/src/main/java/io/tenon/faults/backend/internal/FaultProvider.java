package io.tenon.faults.backend.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;
import org.osgi.service.component.annotations.Component;

/** {@code fault:///path/of/file[?uuid=…]}. */
@Component(property = DeviceProvider.SCHEME + "=fault")
public final class FaultProvider implements DeviceProvider {
  @Override
  public String deviceName(DeviceUri uri) throws DeviceException {
    uri.allowOnly(Set.of("uuid"));
    if (!uri.host().isEmpty()) {
      throw uri.invalid("It has a host; write fault:///path, with three slashes.");
    }
    return uri.path();
  }

  @Override
  public BlockDevice open(DeviceUri uri) throws DeviceException {
    String name = deviceName(uri);
    UUID uuid = uri.uuid().orElse(UUID.nameUUIDFromBytes(uri.path().getBytes(UTF_8)));
    Path path = Path.of(uri.path());
    try {
      var file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
      return new FaultDevice(name, uuid, file, Path.of(path + ".fault"));
    } catch (IOException e) {
      throw new DeviceException(
          Kind.NOT_FOUND,
          "Block device " + name + " was not opened.",
          e.toString(),
          "Make the file first.",
          e);
    }
  }
}
