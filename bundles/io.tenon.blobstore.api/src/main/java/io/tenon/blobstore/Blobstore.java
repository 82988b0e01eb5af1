package io.tenon.blobstore;

import io.tenon.block.BlockDevice;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A loaded store. What a method has done when it returns outlives a power failure; what was under way then has happened as a whole or
 * not at all. Any thread but a reactor's: methods wait for the disk and for each other.
 */
@ProviderType
public interface Blobstore {
  /** Size and use. */
  StoreInfo info();

  /** All blobs that can be opened, by id. */
  List<BlobInfo> blobs();

  BlobInfo blob(BlobId id) throws BlobstoreException;

  /** Blobs that cannot be opened, each with a sentence that says why. */
  Map<BlobId, String> unopened();

  /** The blob that the store's owner finds first. */
  Optional<BlobId> superBlob();

  void superBlob(BlobId id) throws BlobstoreException;

  BlobId create(BlobSpec spec) throws BlobstoreException;

  /**
   * As {@link #create}, and what is asked for as thick is zeroes: its clusters are cleared before, in parts, and it is there when all
   * are.
   *
   * @throws BlobstoreException {@link BlobstoreException.Kind#CANCELLED} when {@code progress} says so; nothing is there then
   */
  BlobId createCleared(BlobSpec spec, Progress progress) throws BlobstoreException;

  /**
   * Makes a snapshot: the blob as it is, for good. I/O to an open blob waits meanwhile.
   *
   * @param xattrs of the snapshot
   */
  BlobId snapshot(BlobId id, Map<String, byte[]> xattrs) throws BlobstoreException;

  /** Makes a blob that begins as the snapshot is. */
  BlobId cloneOf(BlobId snapshot, Map<String, byte[]> xattrs) throws BlobstoreException;

  /** Clusters that are cut off are cleared, and those that are added read as zeroes. */
  void resize(BlobId id, long clusters) throws BlobstoreException;

  /**
   * @param changes new values; empty to remove
   */
  void xattrs(BlobId id, Map<String, Optional<byte[]>> changes) throws BlobstoreException;

  /** Deletes a blob without children, or a snapshot with one child, which keeps what it sees. */
  void delete(BlobId id) throws BlobstoreException;

  /** Gives the blob clusters of its own for all that it has; it has no parent then. */
  void inflate(BlobId id) throws BlobstoreException;

  /** Takes the direct parent out of the blob's line of ancestors. */
  void decouple(BlobId id) throws BlobstoreException;

  /** Takes in what the device has grown by. */
  void grow() throws BlobstoreException;

  /**
   * Opens the blob for I/O; once at a time. A snapshot can only be read.
   *
   * @param name of the block device
   * @param uuid of the block device
   */
  BlockDevice open(BlobId id, String name, UUID uuid) throws BlobstoreException;

  /**
   * A change that fails halfway ends all changes: the store has to be loaded again.
   *
   * @param told when that happens, or at once when it has happened; on any thread, and must not block
   */
  void whenBroken(Runnable told);

  /** The clean end, when no blob is open. The store is of no use afterwards. */
  void unload() throws BlobstoreException;

  /** Lets go of the store as it is, whatever state its device is in: nothing is written. The store is of no use afterwards. */
  void abandon();
}
