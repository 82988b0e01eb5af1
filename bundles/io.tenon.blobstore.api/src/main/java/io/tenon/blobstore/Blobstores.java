package io.tenon.blobstore;

import io.tenon.block.DeviceSlot;
import org.osgi.annotation.versioning.ProviderType;

/** Makes and loads blobstores. A service. Blocks on I/O; never on a reactor. */
@ProviderType
public interface Blobstores {
  /**
   * Makes an empty store. Everything that is on the device is lost: whoever calls this has made sure that nobody misses it.
   *
   * @param device claimed by the caller; it stays the caller's
   */
  Blobstore format(DeviceSlot device, Format format) throws BlobstoreException;

  /**
   * Loads a store, whatever state it was left in. Writes only what is needed to repair it.
   *
   * @param device claimed by the caller; it stays the caller's
   * @param type that the store must be of
   * @throws BlobstoreException naming what is wrong; the device is unchanged then, unless it failed itself
   */
  Blobstore load(DeviceSlot device, String type) throws BlobstoreException;

  /**
   * Reads a whole store and says what is on it and what is not in order, also of a store that cannot be loaded. Writes nothing.
   *
   * @param device need not be claimed; while somebody changes the store, findings may be of moments that pass
   * @param type that the store must be of
   * @throws BlobstoreException when there is nothing that can be looked at
   */
  Inspection inspect(DeviceSlot device, String type) throws BlobstoreException;

  /**
   * Puts in order what an inspection finds, as far as {@code order} goes: what was announced, and never more. A repair that is
   * interrupted has done a part of it, and can be done again. Data is never cleared or overwritten: only metadata, and clusters that
   * are free.
   *
   * @param device claimed by the caller
   * @param copies gets every page that is going to change
   * @throws BlobstoreException when the disk is such that nothing may be written to it; it is unchanged then, unless it failed itself
   */
  RepairReport repair(DeviceSlot device, String type, RepairOrder order, PageCopies copies)
      throws BlobstoreException;

  /**
   * Takes a repair back, as long as nothing has changed the store's metadata since. Interrupted, it can be done again, and the disk
   * loads nowhere until then.
   *
   * @param device claimed by the caller
   * @param copies that the repair has kept
   * @throws BlobstoreException when they are not of this disk, or it has changed; it is unchanged then
   */
  void undo(DeviceSlot device, byte[] copies) throws BlobstoreException;

  /**
   * What a new store is like.
   *
   * @param clusterBytes a power of two, 4096 bytes to 1 GiB
   * @param metadataPercent metadata pages per hundred clusters; 100 is usual
   * @param type 1 to 16 characters that say whose it is
   */
  record Format(long clusterBytes, int metadataPercent, String type) {}
}
