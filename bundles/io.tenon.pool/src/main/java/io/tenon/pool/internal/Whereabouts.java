package io.tenon.pool.internal;

import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.BlobstoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether this node will bring a pool back after a restart: its own memory and the pool's disk must both say so. */
final class Whereabouts {
  private static final Logger log = LoggerFactory.getLogger(Whereabouts.class);
  private static final String NOT_BROUGHT_BACK =
      "The node will not bring it back by itself after a restart: ";

  private final String pool;
  private final ServingNode here;
  private volatile String notRemembered = "";
  private volatile String notMarked = "";
  private volatile String formerDisk = "";

  Whereabouts(String pool, ServingNode here) {
    this.pool = pool;
    this.here = here;
  }

  /** Writes to the disk that this node serves the pool. One that cannot be marked works all the same. */
  void mark(Blobstore store) {
    try {
      PoolIdentity.serve(store, Optional.of(here));
      notMarked = "";
    } catch (BlobstoreException e) {
      notMarked = NOT_BROUGHT_BACK + e.getMessage();
      log.warn("pool {}: {}", pool, notMarked);
    }
  }

  /** The disk says so, unless another node has changed that. */
  boolean isMarked() {
    return notMarked.isEmpty();
  }

  /** So that no node believes that it serves the pool still. */
  void unmark(Blobstore store) {
    try {
      PoolIdentity.serve(store, Optional.empty());
    } catch (BlobstoreException e) {
      log.warn("pool {}: its disk still says that this node serves it: {}", pool, e.getMessage());
    }
  }

  void notRemembered(Exception why) {
    notRemembered = NOT_BROUGHT_BACK + why.getMessage();
    log.warn("pool {}: {}", pool, notRemembered);
  }

  /** Its disk is open by a URI that could not be written down. */
  void formerDisk(String uri, Exception why) {
    formerDisk =
        "After a restart the node will open its disk by the former URI, not by %s: %s"
            .formatted(uri, why.getMessage());
    log.warn("pool {}: {}", pool, formerDisk);
  }

  void diskIsRemembered() {
    formerDisk = "";
  }

  /** What will not be as it should after a restart, in sentences. */
  List<String> findings() {
    var findings = new ArrayList<>(List.of(notRemembered, notMarked, formerDisk));
    findings.removeIf(String::isEmpty);
    return findings;
  }
}
