package io.tenon.metadata.embedded.internal;

import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.testing.MetadataStoreContract;
import io.tenon.metadata.testing.StoreBench;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedStoreContractTest extends MetadataStoreContract {
  @TempDir Path folder;

  @Override
  protected StoreBench open() throws Exception {
    return new Bench(folder);
  }

  private static final class Bench implements StoreBench {
    private final Path folder;
    private EmbeddedStore store;

    Bench(Path folder) throws Exception {
      this.folder = folder;
      store = make();
    }

    private EmbeddedStore make() throws Exception {
      return new EmbeddedStore(new DiskFolder(folder), folder.toString(), InstantSource.system());
    }

    @Override
    public MetadataStore store() {
      return store;
    }

    @Override
    public MetadataStore other() {
      return store;
    }

    @Override
    public void restart() throws Exception {
      store.close();
      store = make();
    }

    @Override
    public void close() {
      store.close();
    }
  }
}
