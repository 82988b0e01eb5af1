package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.internal.layout.BlobEncoder;
import io.tenon.blobstore.internal.layout.BlobImage;
import java.util.Map;
import java.util.Optional;

/** Sets and removes attributes; on snapshots too, for their owner keeps its own marks there. */
final class Attributes {
  private Attributes() {}

  /**
   * @param changes new values; empty to remove
   */
  static void change(OpenStore store, BlobId id, Map<String, Optional<byte[]>> changes)
      throws BlobstoreException {
    var blob = store.changeable(id, "given attributes");
    var image = blob.image().copy();
    for (var change : changes.entrySet()) {
      var value = change.getValue();
      if (value.isPresent()) put(image, change.getKey(), value.get());
      else image.xattrs().remove(change.getKey());
    }
    Persist.image(store, blob, image);
  }

  /** All at once, for a new blob. */
  static void put(BlobImage image, Map<String, byte[]> xattrs) throws BlobstoreException {
    for (var xattr : xattrs.entrySet()) put(image, xattr.getKey(), xattr.getValue());
  }

  private static void put(BlobImage image, String name, byte[] value) throws BlobstoreException {
    BlobEncoder.checkXattr(name, value);
    image.xattrs().put(name, value.clone());
  }
}
