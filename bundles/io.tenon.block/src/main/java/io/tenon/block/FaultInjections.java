package io.tenon.block;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Faults that the node plays on I/O, to see what becomes of it. A service; any thread but a reactor's. A fault stays with the name of
 * its device: one that is closed and opened again, or comes later, has it as well.
 */
@ProviderType
public interface FaultInjections {
  /**
   * I/O that is submitted from then on meets it.
   *
   * @param uri as {@link InjectedFault} describes
   * @throws DeviceException when it is malformed, or there already
   */
  InjectedFault inject(String uri) throws DeviceException;

  /**
   * @param uri as it was added
   * @throws DeviceException when there is none
   */
  void removeInjected(String uri) throws DeviceException;

  /** In the order of their coming. */
  List<InjectedFault> injected();
}
