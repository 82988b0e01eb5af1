package io.tenon.block;

import io.tenon.reactor.Reactor;
import java.util.Optional;
import java.util.UUID;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * An open block device: a file, a disk, memory, a remote namespace, a nexus. Any thread, unless said otherwise.
 *
 * <p>Implementors: {@link #channel} is called on the reactor it is for, once per reactor and use; all I/O goes through
 * channels. {@link #close} is called when every channel is closed.
 */
@ConsumerType
public interface BlockDevice {
  /** Name as outer APIs show it (Mayastor: the "bdev name"), unique in the node. */
  String name();

  /** Identity of the content as far as the device knows it; stable over restarts. */
  UUID uuid();

  /** May grow while open; announced by {@link DeviceListener#resized}. */
  Geometry geometry();

  /** Kind of device for people, such as {@code AIO disk}. */
  String productName();

  boolean supports(IoOperation operation);

  /** On {@code reactor}'s thread; does not block. */
  IoChannel channel(Reactor reactor);

  /** Called on any thread; one listener, the slot. */
  void listener(DeviceListener listener);

  /** Frees the device. May block; never on a reactor. Idempotent. */
  void close();

  /** For devices that keep what they held. */
  default Optional<Snapshots> snapshots() {
    return Optional.empty();
  }

  /** False when its content ends with {@link #close}: opened again it would be empty, and so another one. */
  default boolean outlivesClosing() {
    return true;
  }

  /**
   * As {@link #close}, for the sake of a successor: its backend's bundle is being replaced and will {@link
   * DeviceProvider#adopt} what it gets here. Empty when the URI says all that a successor needs.
   */
  default Optional<Handover> leave() {
    close();
    return Optional.empty();
  }
}
