package io.tenon.stores.internal;

import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.testing.MetadataStoreContract;
import io.tenon.metadata.testing.StoreBench;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.io.TempDir;

/** A store does all that a store has to do while it is replaced over and over again. */
class ReplacedStoreContractTest extends MetadataStoreContract {
  @TempDir Path folder;

  @Override
  protected StoreBench open() throws Exception {
    return new Bench(folder);
  }

  private static final class Bench implements StoreBench {
    private final Path folder;
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private Slots slots;
    private Thread replacing;
    private volatile boolean over;

    Bench(Path folder) throws Exception {
      this.folder = folder;
      slots = new Slots(folder, SOON);
      replacing = startReplacing(slots);
    }

    private Thread startReplacing(Slots of) {
      over = false;
      return Thread.ofPlatform().name("replaces the store").start(() -> replace(of));
    }

    private void replace(Slots of) {
      try {
        while (!over) of.replace();
      } catch (Exception e) {
        failure.set(e);
      }
    }

    @Override
    public MetadataStore store() {
      return slots.slot;
    }

    @Override
    public MetadataStore other() {
      return slots.slot;
    }

    @Override
    public void restart() throws Exception {
      close();
      slots = new Slots(folder, SOON);
      replacing = startReplacing(slots);
    }

    @Override
    public void close() throws Exception {
      over = true;
      replacing.join();
      slots.close();
      if (failure.get() != null) throw failure.get();
    }
  }
}
