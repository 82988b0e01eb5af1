package io.tenon.pool;

import java.nio.file.Path;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Looks at disks, whether they can be imported or not, and repairs them. A service. Any thread but a reactor's: all of it reads a whole
 * disk's metadata.
 */
@ProviderType
public interface PoolChecks {
  /**
   * Says what is on a disk and what is not in order. Writes nothing. A pool that is imported here is not disturbed; what is found then is
   * only what two looks agree upon.
   *
   * @param disk URI, path or name of a block device
   * @throws PoolException when the disk cannot be had, or nothing on it can be looked at
   */
  PoolCheck check(String disk) throws PoolException;

  /**
   * Does what a check has announced, after a copy of every page that changes is durable.
   *
   * @throws PoolException also when somebody uses the disk
   */
  PoolRepair repair(String disk, RepairSpec spec) throws PoolException;

  /**
   * Takes a repair back, as long as nothing has changed the disk's metadata since.
   *
   * @param copies file that the repair has made
   * @return what is found afterwards
   */
  PoolCheck undo(String disk, Path copies) throws PoolException;
}
