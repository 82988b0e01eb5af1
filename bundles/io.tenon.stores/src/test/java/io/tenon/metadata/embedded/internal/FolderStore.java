package io.tenon.metadata.embedded.internal;

import io.tenon.metadata.MetadataStore;
import java.nio.file.Path;
import java.time.InstantSource;

/** A node's store in a folder, without OSGi; closed as its bundle does. */
public final class FolderStore {
  private FolderStore() {}

  public static MetadataStore open(Path folder) throws Exception {
    return new EmbeddedStore(new DiskFolder(folder), folder.toString(), InstantSource.system());
  }

  public static void close(MetadataStore store) {
    ((EmbeddedStore) store).close();
  }
}
