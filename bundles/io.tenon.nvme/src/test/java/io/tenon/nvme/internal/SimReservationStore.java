package io.tenon.nvme.internal;

import io.tenon.nvme.internal.reservation.ReservationState;
import io.tenon.nvme.internal.reservation.ReservationStore;
import io.tenon.simulation.SimWorld;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What is kept of the one namespace there is: takes a while, and fails now and then. */
final class SimReservationStore implements ReservationStore {
  private static final long MOST_DELAY_NS = 300_000;

  private final SimWorld world;
  private final SplittableRandom random;
  private ReservationState kept = ReservationState.EMPTY;

  SimReservationStore(SimWorld world) {
    this.world = world;
    this.random = world.chance();
  }

  ReservationState kept() {
    return kept;
  }

  @Override
  public boolean keeps() {
    return true;
  }

  @Override
  public ReservationState load(Path name, UUID device) {
    return kept;
  }

  @Override
  public CompletionStage<Void> save(Path name, UUID device, ReservationState state) {
    var saved = new CompletableFuture<Void>();
    boolean fails = random.nextInt(20) == 0;
    world.schedule(
        random.nextLong(MOST_DELAY_NS),
        () -> {
          if (fails) {
            saved.completeExceptionally(new IllegalStateException("the folder is full"));
            return;
          }
          kept =
              state.persists()
                  ? new ReservationState(0, true, state.keys(), state.held())
                  : ReservationState.EMPTY;
          saved.complete(null);
        });
    return saved;
  }

  @Override
  public void forget(Path name) {
    kept = ReservationState.EMPTY;
  }
}
