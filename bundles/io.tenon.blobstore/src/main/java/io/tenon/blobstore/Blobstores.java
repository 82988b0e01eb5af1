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
   * Reads a store and says what is on it and what is not in order. Writes nothing.
   *
   * @param type that the store must be of
   */
  Inspection inspect(DeviceSlot device, String type) throws BlobstoreException;

  /**
   * What a new store is like.
   *
   * @param clusterBytes a power of two, 4096 bytes to 1 GiB
   * @param metadataPercent metadata pages per hundred clusters; 100 is usual
   * @param type 1 to 16 characters that say whose it is
   */
  record Format(long clusterBytes, int metadataPercent, String type) {}
}
