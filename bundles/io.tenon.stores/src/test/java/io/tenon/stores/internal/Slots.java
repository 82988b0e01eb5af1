package io.tenon.stores.internal;

import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.embedded.internal.FolderStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A slot in front of a node's store, which is replaced as its bundle is: unregistered, closed, opened, registered. */
final class Slots implements AutoCloseable {
  private final Path folder;
  private MetadataStore inside;
  final StoreSlot slot;

  Slots(Path folder, Duration patience) throws Exception {
    this.folder = folder;
    slot =
        new StoreSlot(
            patience, InstantSource.system(), task -> Thread.ofVirtual().name("slot").start(task));
    inside = FolderStore.open(folder);
    slot.came(inside);
  }

  void takeAway() {
    slot.leaves(inside);
    FolderStore.close(inside);
  }

  void bringBack() throws Exception {
    bring(folder);
  }

  void bring(Path from) throws Exception {
    inside = FolderStore.open(from);
    slot.came(inside);
  }

  /** Returns when the next one serves: who swaps bundles waits for that as well. */
  void replace() throws Exception {
    takeAway();
    bringBack();
    long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!slot.status().isAvailable()) {
      if (System.nanoTime() - endNs >= 0) throw new TimeoutException(slot.status().problem());
      Thread.sleep(0, 50_000);
    }
  }

  @Override
  public void close() {
    slot.close();
    FolderStore.close(inside);
  }
}
