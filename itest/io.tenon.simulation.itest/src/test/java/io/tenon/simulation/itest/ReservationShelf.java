package io.tenon.simulation.itest;

import io.tenon.nvme.internal.reservation.ReservationState;
import io.tenon.nvme.internal.reservation.ReservationStore;
import io.tenon.simulation.SimReactors;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The folder of a node with its reservations, which outlives it. */
final class ReservationShelf {
  private static final long MOST_SAVE_NS = 2_000_000;

  private final TreeMap<String, ReservationState> kept = new TreeMap<>();

  /** For one life of the node; what has not ended with it is not kept. */
  ReservationStore of(SimReactors node, long saveNs) {
    return new ReservationStore() {
      @Override
      public boolean keeps() {
        return true;
      }

      @Override
      public ReservationState load(Path name, UUID device) {
        return kept.getOrDefault(name.toString(), ReservationState.EMPTY);
      }

      @Override
      public CompletionStage<Void> save(Path name, UUID device, ReservationState state) {
        var saved = new CompletableFuture<Void>();
        var loop = node.main();
        loop.execute(
            () ->
                loop.schedule(
                    saveNs % MOST_SAVE_NS,
                    () -> {
                      if (state.persists()) kept.put(name.toString(), state);
                      else kept.remove(name.toString());
                      saved.complete(null);
                    }));
        return saved;
      }

      @Override
      public void forget(Path name) {
        kept.keySet().removeIf(each -> Path.of(each).startsWith(name));
      }
    };
  }
}
