package io.tenon.pool.internal;

import java.io.IOException;
import java.util.List;

/** What a node knows of its pools when it starts. Any thread; blocks. */
interface PoolMemory {
  /** The same in every life of the node. */
  ServingNode node();

  /** In the order of their names. */
  List<KnownPool> pools();

  /** Replaces the one of the same name. Outlives a power failure when it returns. */
  void remember(KnownPool pool) throws IOException;

  /** Its disk is opened by another URI from now on. As {@link #remember}, but nothing happens when the pool is not known. */
  void diskMoved(KnownPool pool) throws IOException;

  /** Nothing happens when it is not known. */
  void forget(String name) throws IOException;
}
