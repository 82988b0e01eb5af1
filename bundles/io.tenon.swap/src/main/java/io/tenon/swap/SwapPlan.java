package io.tenon.swap;

import java.util.List;

/**
 * What a swap would do.
 *
 * @param devices block devices whose I/O would wait, by name
 * @param services that would be away for a moment, by interface
 */
public record SwapPlan(
    String bundle,
    String fromVersion,
    String toVersion,
    List<String> devices,
    List<String> services) {
  public SwapPlan {
    devices = List.copyOf(devices);
    services = List.copyOf(services);
  }
}
