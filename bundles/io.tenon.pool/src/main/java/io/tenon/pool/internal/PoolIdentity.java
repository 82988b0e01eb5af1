package io.tenon.pool.internal;

import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Blobstores;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Who a pool is, as its disk says. */
record PoolIdentity(String name, UUID uuid) {
  /** What the original calls its stores. */
  static final String STORE_TYPE = "LVOLSTORE";

  private static final int MOST_NAME_VALUE_BYTES = Lvol.MOST_NAME_BYTES + 1;

  /**
   * A store, and who it says that it is.
   *
   * @param servedBy the node that has it, or had it last and did not export it
   */
  record Loaded(Blobstore store, PoolIdentity identity, Optional<ServingNode> servedBy) {
    /** Whether a pool that this node had has not been elsewhere since. */
    boolean isStillOf(ServingNode node) {
      return servedBy.filter(node::is).isPresent();
    }

    /** For one that has; a sentence. */
    String elsewhere() {
      return servedBy
          .map(other -> "The disk is served by %s, or was last.".formatted(other))
          .orElse("The disk was exported by another node since this one had it.");
    }
  }

  /**
   * Loads the pool that is on the disk.
   *
   * @throws PoolException {@link Kind#NO_POOL} when there is none that can be read; nothing stays loaded then
   */
  static Loaded load(Blobstores blobstores, PoolDisk disk) throws PoolException {
    String what = "No pool was loaded from disk " + disk.uri() + ".";
    Blobstore store;
    try {
      store = blobstores.load(disk.slot(), STORE_TYPE);
    } catch (BlobstoreException e) {
      throw Failures.ofLoading(what, e);
    }
    try {
      return of(store, what);
    } catch (PoolException e) {
      store.abandon();
      throw e;
    } catch (BlobstoreException e) {
      store.abandon();
      throw Failures.ofLoading(what, e);
    }
  }

  private static Loaded of(Blobstore store, String what) throws BlobstoreException, PoolException {
    var id = store.superBlob();
    if (id.isEmpty()) throw unreadable(what, "Its blobstore names no blob that says whose it is.");
    var xattrs = store.blob(id.get()).xattrs();
    var uuid = Lvol.uuid(Lvol.text(xattrs, Lvol.UUID_NAME));
    if (uuid.isEmpty()) throw unreadable(what, "Its blobstore has no uuid that can be read.");
    byte[] bytes = xattrs.get(Lvol.NAME);
    var name = Lvol.text(xattrs, Lvol.NAME);
    if (bytes == null || bytes.length > MOST_NAME_VALUE_BYTES || name.isEmpty()) {
      throw unreadable(what, "Its blobstore has no name that can be read.");
    }
    return new Loaded(store, new PoolIdentity(name.get(), uuid.get()), ServingNode.of(xattrs));
  }

  /**
   * Writes to the disk who has the pool.
   *
   * @param node nobody, when it is exported
   */
  static void serve(Blobstore store, Optional<ServingNode> node) throws BlobstoreException {
    var id = store.superBlob();
    if (id.isEmpty()) return;
    var wanted = node.map(ServingNode::value);
    byte[] found = store.blob(id.get()).xattrs().get(ServingNode.ATTRIBUTE);
    if (Arrays.equals(found, wanted.orElse(null))) return;
    store.xattrs(id.get(), Map.of(ServingNode.ATTRIBUTE, wanted));
  }

  /** Whether these attributes of a store's own blob make a pool of it. */
  static boolean isIn(Map<String, byte[]> xattrs) {
    byte[] name = xattrs.get(Lvol.NAME);
    return Lvol.uuid(Lvol.text(xattrs, Lvol.UUID_NAME)).isPresent()
        && name != null
        && name.length <= MOST_NAME_VALUE_BYTES
        && Lvol.text(xattrs, Lvol.NAME).isPresent();
  }

  private static PoolException unreadable(String what, String why) {
    return new PoolException(
        Kind.NO_POOL,
        what,
        why,
        "Check the disk; make a new pool on it when nothing on it is needed.");
  }

  @Override
  public String toString() {
    return "pool %s with uuid %s".formatted(name, uuid);
  }
}
