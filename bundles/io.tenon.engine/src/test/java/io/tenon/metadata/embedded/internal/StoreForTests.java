package io.tenon.metadata.embedded.internal;

import io.tenon.metadata.MetadataStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;

/** The store that nodes have, in a folder of its own, without OSGi. */
public final class StoreForTests implements AutoCloseable {
  private final Path folder = Files.createTempDirectory("store");
  private final EmbeddedStore store;

  public StoreForTests() throws Exception {
    store = new EmbeddedStore(new DiskFolder(folder), folder.toString(), InstantSource.system());
  }

  public MetadataStore store() {
    return store;
  }

  @Override
  public void close() throws IOException {
    store.close();
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) Files.delete(file);
    }
    Files.delete(folder);
  }
}
