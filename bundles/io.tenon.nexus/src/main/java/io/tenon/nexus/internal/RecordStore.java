package io.tenon.nexus.internal;

import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.StoreUnavailableException;

/** The metadata store of the node, which may come late, be replaced by another, or be away. Any thread. */
@FunctionalInterface
interface RecordStore {
  /**
   * The one that is there now; to be asked for again for every use.
   *
   * @throws StoreUnavailableException when there is none
   */
  MetadataStore current() throws StoreUnavailableException;
}
