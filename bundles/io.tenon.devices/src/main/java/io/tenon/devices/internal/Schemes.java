package io.tenon.devices.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the registry knows of URIs by itself. */
final class Schemes {
  /** Other names for devices that exist. */
  private static final Set<String> ALIASES = Set.of("bdev", "loopback");

  private static final Set<String> ALIAS_PARAMETERS = Set.of("uuid");

  private Schemes() {}

  /** Before one looks whether the device exists: the URI may be wrong in itself. */
  static void checkAlias(DeviceUri uri) throws DeviceException {
    if (!uri.host().isEmpty()) {
      throw uri.invalid("It has a host; write " + uri.scheme() + ":///name, with three slashes.");
    }
    uri.allowOnly(ALIAS_PARAMETERS);
    var _ = uri.uuid();
  }

  static boolean isAlias(DeviceUri uri) {
    return ALIASES.contains(uri.scheme());
  }

  /**
   * @param property of a service: absent, one or several
   */
  static List<String> of(@Nullable Object property) {
    var schemes = new ArrayList<String>();
    if (property instanceof String one) schemes.add(one);
    else if (property instanceof String[] several) schemes.addAll(List.of(several));
    else if (property instanceof Iterable<?> several) {
      for (Object one : several) schemes.add(String.valueOf(one));
    }
    schemes.replaceAll(scheme -> scheme.toLowerCase(Locale.ROOT));
    return schemes;
  }

  /** A URI with a uuid means no other device. */
  static void checkUuid(DeviceUri uri, DeviceSlot found) throws DeviceException {
    var wanted = uri.uuid();
    if (wanted.isEmpty() || wanted.get().equals(found.uuid())) return;
    throw new DeviceException(
        Kind.MISMATCH,
        "Device URI " + uri + " was refused.",
        "Block device "
            + found.name()
            + " exists with uuid "
            + found.uuid()
            + ", not "
            + wanted.get()
            + ".",
        "Correct the uuid, or leave it out.");
  }
}
