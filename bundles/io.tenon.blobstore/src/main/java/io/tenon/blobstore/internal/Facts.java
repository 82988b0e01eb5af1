package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobInfo;
import io.tenon.blobstore.StoreInfo;
import java.util.Optional;

/** What others may know. */
final class Facts {
  private Facts() {}

  static StoreInfo of(OpenStore store) {
    var layout = store.layout();
    return new StoreInfo(
        layout.clusterBytes(),
        layout.superBlock().blockBytes(),
        layout.totalClusters() - layout.mdClusters(),
        store.freeClusters(),
        layout.mdPages(),
        store.space().freePages(),
        layout.superBlock().clean(),
        store.findings());
  }

  static BlobInfo of(StoredBlob blob) {
    var image = blob.image();
    var parent = blob.parent();
    return new BlobInfo(
        blob.id(),
        blob.map().clusters(),
        blob.map().allocated(),
        image.flags().isThin(),
        blob.isReadOnly(),
        Optional.ofNullable(parent == null ? null : parent.id()),
        blob.children().stream().map(StoredBlob::id).toList(),
        image.form(),
        image.flags().clearMethod(),
        blob.device() != null,
        blob.restriction(),
        image.xattrs());
  }
}
