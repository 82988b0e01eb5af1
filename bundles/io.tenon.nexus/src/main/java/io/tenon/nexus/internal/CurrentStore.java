package io.tenon.nexus.internal;

import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.StoreUnavailableException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Follows the node's metadata store as it comes and goes. */
final class CurrentStore implements RecordStore {
  private final AtomicReference<@Nullable MetadataStore> store = new AtomicReference<>();

  void came(MetadataStore now) {
    store.set(now);
  }

  /** Without an effect when another one has come before. */
  void went(MetadataStore gone) {
    store.compareAndSet(gone, null);
  }

  @Override
  public MetadataStore current() throws StoreUnavailableException {
    var now = store.get();
    if (now != null) return now;
    throw new StoreUnavailableException(
        "This node has no metadata store now.",
        "See the node's log for why; etc/io.tenon.metadata.cfg says which one it is to use.");
  }
}
