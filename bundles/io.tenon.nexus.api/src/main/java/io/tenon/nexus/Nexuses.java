package io.tenon.nexus;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/** The node's nexuses. A service. Any thread but a reactor's: every change blocks until it is done. */
@ProviderType
public interface Nexuses {
  /**
   * Opens the children and makes a nexus of them. Nothing stays behind when it throws.
   *
   * @throws NexusException when name or uuid exist, a child cannot be opened, is too small or of another block size
   */
  Nexus create(NexusSpec spec) throws NexusException;

  /** In the order of their names. */
  List<Nexus> all();

  Optional<Nexus> findByUuid(UUID uuid);

  Optional<Nexus> findByName(String name);
}
