package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.block.IoStatus;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives clusters to I/Os that wait for them: all that wait, from all reactors and blobs, share the writes of one step. */
final class Allocator {
  private static final Logger log = LoggerFactory.getLogger(Allocator.class);

  private final OpenStore store;
  private final Turn turn;
  private final Blocking blocking;
  private final Queue<BlobIo> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean working = new AtomicBoolean();
  private final Runnable work = this::work;

  /** Why writes get no clusters, as told last. Whoever has the turn. */
  private @Nullable Kind toldKind;

  Allocator(OpenStore store, Turn turn, Blocking blocking) {
    this.store = store;
    this.turn = turn;
    this.blocking = blocking;
  }

  /** From any reactor. */
  void request(BlobIo io) {
    waiting.add(io);
    wake();
  }

  private void wake() {
    if (working.compareAndSet(false, true)) blocking.execute(work);
  }

  private void work() {
    try {
      while (!waiting.isEmpty()) oneBatch();
    } finally {
      working.set(false);
      if (!waiting.isEmpty()) wake();
    }
  }

  private void oneBatch() {
    List<BlobIo> batch = new ArrayList<>();
    while (batch.size() < Allocation.MOST_CLUSTERS) {
      var io = waiting.poll();
      if (io == null) break;
      batch.add(io);
    }
    var unanswered = new ArrayDeque<>(batch);
    try {
      turn.take(
          () -> {
            serve(unanswered);
            return true;
          });
    } catch (BlobstoreException e) {
      tell(e);
      answer(unanswered, status(e));
    } finally {
      answer(unanswered, IoStatus.IO_ERROR);
    }
  }

  private static void answer(ArrayDeque<BlobIo> ios, IoStatus status) {
    while (!ios.isEmpty()) ios.remove().grant(status);
  }

  private void serve(ArrayDeque<BlobIo> ios) throws BlobstoreException {
    if (together(ios)) return;
    // There may be pages for some.
    while (!ios.isEmpty()) {
      var one = new ArrayDeque<>(List.of(ios.element()));
      try {
        together(one);
      } catch (BlobstoreException e) {
        tell(e);
        if (e.kind() == Kind.IO || e.kind() == Kind.SUSPENDED) throw e;
      }
      var io = ios.remove();
      // Answered when it got its cluster.
      if (!one.isEmpty()) io.grant(IoStatus.NO_SPACE);
    }
  }

  /**
   * Serves all or, when there are not enough pages, none.
   *
   * @return false when there are not enough pages for all
   */
  private boolean together(ArrayDeque<BlobIo> ios) throws BlobstoreException {
    var allocation = new Allocation(store);
    var given = new ArrayDeque<BlobIo>();
    List<BlobIo> refused = new ArrayList<>();
    List<IoStatus> why = new ArrayList<>();
    for (BlobIo io : ios) {
      try {
        Allocation.checkWritable(store, io.blob());
        if (io.wantedCluster() < io.blob().map().clusters()) {
          allocation.add(io.blob(), io.wantedCluster());
        }
        given.add(io);
      } catch (BlobstoreException e) {
        refused.add(io);
        why.add(status(e));
        tell(e);
      }
    }
    try {
      allocation.commit();
    } catch (BlobstoreException e) {
      if (e.kind() == Kind.NO_METADATA_PAGE && ios.size() > 1) return false;
      throw e;
    }
    ios.clear();
    if (refused.isEmpty()) toldKind = null;
    answer(given, IoStatus.SUCCESS);
    for (int i = 0; i < refused.size(); i++) refused.get(i).grant(why.get(i));
    return true;
  }

  /** Once, until there is space again: hosts ask often. */
  private void tell(BlobstoreException e) {
    if (e.kind() == toldKind) return;
    toldKind = e.kind();
    log.warn("writes get no clusters: {}", e.getMessage());
  }

  private static IoStatus status(BlobstoreException e) {
    return switch (e.kind()) {
      case NO_SPACE, NO_METADATA_PAGE -> IoStatus.NO_SPACE;
      case READ_ONLY -> IoStatus.UNSUPPORTED;
      default -> IoStatus.IO_ERROR;
    };
  }
}
