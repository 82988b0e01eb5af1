package io.tenon.nvme.internal.reservation;

import io.tenon.error.Check;
import io.tenon.nvme.TargetException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/** Keeps reservations over restarts. Any thread. */
public interface ReservationStore {
  /** A node without a folder for them. */
  ReservationStore NONE =
      new ReservationStore() {
        @Override
        public boolean keeps() {
          return false;
        }

        @Override
        public ReservationState load(Path name, UUID device) {
          return ReservationState.EMPTY;
        }

        @Override
        public CompletionStage<Void> save(Path name, UUID device, ReservationState state) {
          throw Check.bug(
              "reservations of %s are to be kept, but there is no folder for them", device);
        }

        @Override
        public void forget(Path name) {
          // there is nothing
        }
      };

  /** False: nothing is ever saved. */
  boolean keeps();

  /**
   * May block.
   *
   * @return {@link ReservationState#EMPTY} when nothing was kept
   * @throws TargetException when what was kept cannot be read, or is another device's
   */
  ReservationState load(Path name, UUID device) throws TargetException;

  /** Does not block. What does not persist is not kept any more. Completes when a loss of power changes nothing about it. */
  CompletionStage<Void> save(Path name, UUID device, ReservationState state);

  /** Deletes a file, or a folder with all in it. May block. */
  void forget(Path name) throws TargetException;
}
