package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.internal.layout.BlobImage;
import io.tenon.blobstore.internal.layout.ClusterMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A blob of a loaded store. Whoever holds the store's turn may touch it; {@link #view} is for everyone. */
final class StoredBlob {
  private final BlobId id;
  private final List<StoredBlob> children = new ArrayList<>();
  private BlobImage image;
  private volatile BlobView view;
  private @Nullable String restriction;
  private @Nullable BlobDevice device;

  StoredBlob(BlobImage image, ClusterMap map) {
    this.id = image.id();
    this.image = image;
    this.view = new BlobView(map, null, image.flags().isThin());
  }

  BlobId id() {
    return id;
  }

  BlobView view() {
    return view;
  }

  ClusterMap map() {
    return view.map();
  }

  @Nullable StoredBlob parent() {
    return view.parent();
  }

  BlobImage image() {
    return image;
  }

  /** What is on the disk now. */
  void image(BlobImage now) {
    image = now;
  }

  /** For everyone from now on; the {@link #image} is in place already. */
  void view(ClusterMap map, @Nullable StoredBlob parent) {
    var before = view.parent();
    if (before != parent) {
      if (before != null) before.children.remove(this);
      if (parent != null) parent.children.add(this);
    }
    view = new BlobView(map, parent, image.flags().isThin());
  }

  /** Blobs whose parent it is. */
  List<StoredBlob> children() {
    return children;
  }

  boolean isReadOnly() {
    return image.flags().isReadOnly();
  }

  /** Why nothing of it may be changed, whatever its flags say. */
  Optional<String> restriction() {
    return Optional.ofNullable(restriction);
  }

  void restrict(String why) {
    restriction = restriction == null ? why : restriction + "; " + why;
  }

  @Nullable BlobDevice device() {
    return device;
  }

  void device(@Nullable BlobDevice now) {
    device = now;
  }

  @Override
  public String toString() {
    return "blob " + id;
  }
}
